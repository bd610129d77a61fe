//! stygian-proxy: a pool that chooses proxies; the caller sends the request and says how it went.
//!
//! Settings: Thompson sampling, the strategy its documentation argues for (feature `bayesian-rotation`), its default circuit breaker
//! (five failures, 30 s) and health checker, whose first round comes after a minute, later than these runs end. The
//! requests are sent as its guide shows: reqwest, one client per proxy so that connections are kept, the next proxy at
//! once when an attempt fails, every answer checked before success is marked. A 429 or 503 is the host's word, so it
//! counts for the proxy, and waits for what Retry-After says (1 s without).

use std::collections::HashMap;
use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use stygian_proxy::types::{IpClass, ProxyCapabilities, TargetVendorCompatibility};
use stygian_proxy::{MemoryProxyStore, Proxy, ProxyConfig, ProxyManager, ProxyType};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Job {
    proxies: Vec<String>,
    pages: Vec<String>,
    host: String,
    concurrency: usize,
    cap_ms: u64,
    attempt_ms: u64,
    retries: u64,
}

fn is_own_page(text: &str, url: &str) -> bool {
    let number = url.split("/page/").nth(1).and_then(|rest| rest.split('?').next()).unwrap_or("?");
    let adds_script = text.split("<script").skip(1).any(|rest| {
        let tag = rest.split('>').next().unwrap_or("");
        tag.contains("src=\"http") || tag.contains("src=http") || tag.contains("src=\"//")
    });
    text.contains(&format!("Page {number}:")) && !adds_script
}

fn next_line() {
    let _ = std::io::stdin().lock().read_line(&mut String::new());
}

struct Desk {
    manager: ProxyManager,
    clients: HashMap<String, reqwest::Client>,
    attempts: AtomicU64,
    retries: u64,
}

impl Desk {
    /// Whether the page came, good.
    async fn fetch(&self, url: &str) -> bool {
        let mut left = self.retries + 1;
        while left > 0 {
            let Ok(proxy) = self.manager.acquire_proxy().await else {
                // Every breaker is open; one will be half open soon.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            left -= 1;
            self.attempts.fetch_add(1, Ordering::Relaxed);
            let Ok(response) = self.clients[&proxy.proxy_url].get(url).send().await else { continue };
            let status = response.status().as_u16();
            if status == 429 || status == 503 {
                let wait = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
                proxy.mark_success();
                tokio::time::sleep(Duration::from_secs(wait.unwrap_or(1))).await;
                continue;
            }
            let Ok(text) = response.text().await else { continue };
            if status == 200 && is_own_page(&text, url) {
                proxy.mark_success();
                return true;
            }
        }
        false
    }
}

#[tokio::main]
async fn main() {
    let path = std::env::args().nth(1).expect("the path of a job");
    let job: Job = serde_json::from_slice(&std::fs::read(path).expect("the job")).expect("a job");
    println!("{{\"ready\":true,\"version\":\"stygian-proxy 0.17.0\"}}");
    next_line();

    let start = Instant::now();
    let config = ProxyConfig { health_check_url: format!("http://{}/", job.host), ..Default::default() };
    let decay = Duration::from_secs(300);
    let manager = ProxyManager::with_thompson_sampling(Arc::new(MemoryProxyStore::default()), config, decay)
        .expect("a manager");
    let mut clients = HashMap::new();
    for url in &job.proxies {
        manager
            .add_proxy(Proxy {
                url: url.clone(),
                proxy_type: ProxyType::Http,
                username: None,
                password: None,
                weight: 1,
                tags: vec![],
                capabilities: ProxyCapabilities::default(),
                ip_class: IpClass::Unknown,
                target_compatibility: TargetVendorCompatibility::default(),
            })
            .await
            .expect("a proxy");
        let client = reqwest::Client::builder()
            .proxy(reqwest::Proxy::all(url).expect("a proxy URL"))
            .timeout(Duration::from_millis(job.attempt_ms))
            .build()
            .expect("a client");
        clients.insert(url.clone(), client);
    }
    let (_stop, _checks) = manager.start();
    let desk = Arc::new(Desk { manager, clients, attempts: AtomicU64::new(0), retries: job.retries });
    let pages = Arc::new(job.pages);
    let next = Arc::new(AtomicUsize::new(0));
    let cap = Duration::from_millis(job.cap_ms);
    let mut workers = Vec::new();
    for _ in 0..job.concurrency {
        let (desk, pages, next) = (Arc::clone(&desk), Arc::clone(&pages), Arc::clone(&next));
        workers.push(tokio::spawn(async move {
            let mut latencies = Vec::new();
            let mut failed = 0u64;
            while let Some(url) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                let left = cap.saturating_sub(start.elapsed());
                let sent = Instant::now();
                match tokio::time::timeout(left, desk.fetch(url)).await {
                    Ok(true) => latencies.push(sent.elapsed().as_secs_f64() * 1000.0),
                    Ok(false) => failed += 1,
                    Err(_) => break,
                }
            }
            (latencies, failed)
        }));
    }
    let mut latencies: Vec<f64> = Vec::new();
    let mut failed = 0;
    for worker in workers {
        let (some, few) = worker.await.expect("a worker");
        latencies.extend(some);
        failed += few;
    }
    let wall_ms = start.elapsed().as_secs_f64() * 1000.0;
    let cut = pages.len() as u64 - latencies.len() as u64 - failed;
    let result = serde_json::json!({
        "latencies": latencies, "bad": 0, "failed": failed, "cut": cut,
        "attempts": desk.attempts.load(Ordering::Relaxed), "wallMs": wall_ms,
    });
    println!("{result}");
    next_line();
    std::process::exit(0);
}
