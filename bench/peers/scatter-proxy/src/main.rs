//! scatter-proxy: races up to three proxies for each request and retries until an answer is good.
//!
//! Settings: its defaults (K = 3, health window, cooldowns, eviction), except: the timeout of an attempt is the one that
//! every peer has; 150 attempts in flight, three for each of the 50 pages (its scheduler runs at most 32 pages at once
//! whatever is set). The interval per proxy and host, 500 ms by default, is lifted, also where the host has limits: in
//! 0.9.0 a task that finds every proxy inside its interval is parked, and looked at again only when another is submitted,
//! so callers that wait for their answers wait for ever (10 of 400 pages came). The classifier checks the page's form, so
//! that a spoiled one is raced again; it is not told which page was asked for. A 429 is what the library's own classifier
//! makes of it: this proxy is blocked. (As a fault of the target it is raced again at once: three times the pages in the
//! same time, at 117 requests each.) Its proxy list comes from a URL, so this program serves one on loopback.

mod liars;

use std::collections::HashMap;
use std::future::Future;
use std::io::{BufRead, Read, Write};
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use scatter_proxy::{
    BodyClassifier, BodyVerdict, ChallengeResolver, HeaderMap, RateLimitConfig, RequestMutator, ScatterProxy,
    ScatterProxyConfig, StatusCode,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Job {
    proxies: Vec<String>,
    pages: Vec<String>,
    concurrency: usize,
    cap_ms: u64,
    attempt_ms: u64,
}

fn adds_script(text: &str) -> bool {
    text.split("<script").skip(1).any(|rest| {
        let tag = rest.split('>').next().unwrap_or("");
        tag.contains("src=\"http") || tag.contains("src=http") || tag.contains("src=\"//")
    })
}

fn is_own_page(text: &str, url: &str) -> bool {
    let number = url.split("/page/").nth(1).and_then(|rest| rest.split('?').next()).unwrap_or("?");
    text.contains(&format!("Page {number}:")) && !adds_script(text)
}

struct PageClassifier;

impl BodyClassifier for PageClassifier {
    fn classify(&self, status: StatusCode, _headers: &HeaderMap, body: &[u8]) -> BodyVerdict {
        if status.is_server_error() {
            return BodyVerdict::TargetError;
        }
        let text = String::from_utf8_lossy(body);
        if status == StatusCode::OK && text.contains("<title>Page ") && !adds_script(&text) {
            BodyVerdict::Success
        } else {
            BodyVerdict::ProxyBlocked
        }
    }
}

/// Called once for each attempt: the only place where the library lets one count them.
struct Counter(Arc<AtomicU64>);

impl RequestMutator for Counter {
    fn mutate(&self, _proxy_url: &str, request: reqwest::Request) -> reqwest::Request {
        self.0.fetch_add(1, Ordering::Relaxed);
        request
    }
}

struct NoResolver;

impl ChallengeResolver for NoResolver {
    fn resolve<'a>(
        &'a self,
        _proxy_url: &'a str,
        _body: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Option<String>> + Send + 'a>> {
        Box::pin(async { None })
    }
}

fn serve_list(list: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0u8; 4096]);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{list}",
                list.len()
            );
        }
    });
    format!("http://{address}/")
}

fn next_line() {
    let _ = std::io::stdin().lock().read_line(&mut String::new());
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.last().expect("the path of a job");
    if arguments[0] == "liars" {
        return liars::run(&std::fs::read(path).expect("the job")).await;
    }
    let job: Job = serde_json::from_slice(&std::fs::read(path).expect("the job")).expect("a job");
    println!("{{\"ready\":true,\"version\":\"scatter-proxy 0.9.0\"}}");
    next_line();

    let start = Instant::now();
    let attempts = Arc::new(AtomicU64::new(0));
    let config = ScatterProxyConfig {
        sources: vec![serve_list(job.proxies.join("\n"))],
        rate_limit: RateLimitConfig {
            default_interval: Duration::ZERO,
            host_overrides: HashMap::new(),
        },
        proxy_timeout: Duration::from_millis(job.attempt_ms),
        max_inflight: job.concurrency * 3,
        ..Default::default()
    };
    let pool = ScatterProxy::new_with_extensions(
        config,
        PageClassifier,
        None::<NoResolver>,
        Some(Counter(Arc::clone(&attempts))),
    )
    .await
    .expect("a pool");
    let pool = Arc::new(pool);
    let client = reqwest::Client::new();
    let pages = Arc::new(job.pages);
    let next = Arc::new(AtomicUsize::new(0));
    let cap = Duration::from_millis(job.cap_ms);
    let mut workers = Vec::new();
    for _ in 0..job.concurrency {
        let (pool, client, pages, next) = (Arc::clone(&pool), client.clone(), Arc::clone(&pages), Arc::clone(&next));
        workers.push(tokio::spawn(async move {
            let mut latencies = Vec::new();
            let mut bad = 0u64;
            while let Some(url) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                let left = cap.saturating_sub(start.elapsed());
                if left.is_zero() {
                    break;
                }
                let sent = Instant::now();
                let request = client.get(url).build().expect("a request");
                let handle = pool.submit(request).await;
                let Ok(Some(response)) = handle.with_timeout(left).await else { break };
                if response.status == StatusCode::OK && is_own_page(&String::from_utf8_lossy(&response.body), url) {
                    latencies.push(sent.elapsed().as_secs_f64() * 1000.0);
                } else {
                    bad += 1;
                }
            }
            (latencies, bad)
        }));
    }
    let mut latencies: Vec<f64> = Vec::new();
    let mut bad = 0;
    for worker in workers {
        let (some, few) = worker.await.expect("a worker");
        latencies.extend(some);
        bad += few;
    }
    let wall_ms = start.elapsed().as_secs_f64() * 1000.0;
    let cut = pages.len() as u64 - latencies.len() as u64 - bad;
    let result = serde_json::json!({
        "latencies": latencies, "bad": bad, "failed": 0, "cut": cut,
        "attempts": attempts.load(Ordering::Relaxed), "wallMs": wall_ms,
    });
    println!("{result}");
    next_line();
    std::process::exit(0);
}
