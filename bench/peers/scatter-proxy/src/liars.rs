//! `peer-scatter-proxy liars JOB`: the library has no crawler, so the links are followed by hand. Its defaults, with its own
//! classifier (a body and a success are good; anything else is asked for again, for ever), but for the timeout of an attempt, the
//! attempts in flight and the interval (main.rs says why). It tells nobody which proxies it has left.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Url;
use scatter_proxy::{DefaultClassifier, RateLimitConfig, ScatterProxy, ScatterProxyConfig};
use serde::Deserialize;
use tokio::task::JoinSet;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Job {
    proxies: Vec<String>,
    urls: Vec<String>,
    follow: bool,
    concurrency: usize,
    cap_ms: u64,
    attempt_ms: u64,
}

fn links_of(page: &str, base: &Url) -> Vec<Url> {
    page.split("<a ")
        .skip(1)
        .filter_map(|rest| rest.split('>').next()?.split("href=\"").nth(1)?.split('"').next())
        .filter_map(|href| base.join(href).ok())
        .filter(|link| link.host_str() == base.host_str())
        .collect()
}

pub async fn run(text: &[u8]) {
    let job: Job = serde_json::from_slice(text).expect("a job");
    println!("{{\"ready\":true,\"version\":\"scatter-proxy 0.9.0\"}}");
    crate::next_line();

    let start = Instant::now();
    let config = ScatterProxyConfig {
        sources: vec![crate::serve_list(job.proxies.join("\n"))],
        rate_limit: RateLimitConfig { default_interval: Duration::ZERO, host_overrides: HashMap::new() },
        proxy_timeout: Duration::from_millis(job.attempt_ms),
        max_inflight: job.concurrency * 3,
        ..Default::default()
    };
    let pool = Arc::new(ScatterProxy::new(config, DefaultClassifier).await.expect("a pool"));
    let client = reqwest::Client::new();
    let mut waiting: VecDeque<Url> = job.urls.iter().map(|url| url.parse().expect("an address")).collect();
    let mut seen: HashSet<Url> = waiting.iter().cloned().collect();
    let mut running = JoinSet::new();
    let mut pages = Vec::new();
    loop {
        while running.len() < job.concurrency
            && let Some(url) = waiting.pop_front()
        {
            let (pool, request) = (Arc::clone(&pool), client.get(url.clone()).build().expect("a request"));
            let left = Duration::from_millis(job.cap_ms).saturating_sub(start.elapsed());
            running.spawn(async move {
                let handle = pool.submit(request).await;
                match handle.with_timeout(left).await {
                    Ok(Some(answer)) => Some((url, String::from_utf8_lossy(&answer.body).into_owned())),
                    _ => None,
                }
            });
        }
        let Some(done) = running.join_next().await else { break };
        let Some((url, body)) = done.expect("a task") else { continue };
        if job.follow {
            for link in links_of(&body, &url) {
                if seen.insert(link.clone()) {
                    waiting.push_back(link);
                }
            }
        }
        pages.push(serde_json::json!({ "url": url.as_str(), "body": body }));
    }
    println!("{}", serde_json::json!({ "pages": pages, "givenUp": null }));
    crate::next_line();
    std::process::exit(0);
}
