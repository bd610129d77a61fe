"""Scrapy with scrapy-rotating-proxies: a random proxy for each request, left at its first failure for up to 300 s.

Settings: 50 requests at once, and as many per proxy (with the middleware, limits "per domain" are per proxy); no delay
where the host has no limits, and what a new project's settings.py has (one request at a time and 1 s between two, per
proxy) where it has; attempts and retries as for every peer; cookies, robots.txt, redirects, logs and the console are off. Its ban policy checks the page, so that a spoiled one is a ban and is retried elsewhere; a 429 or 503 is
the host's word and no ban: Scrapy's own RetryMiddleware asks again through another proxy. Scrapy speaks HTTP to proxies,
not SOCKS, which is why every peer here goes through HTTP proxies.
"""

import json
import os
import re
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import scrapy  # noqa: E402
from scrapy.crawler import AsyncCrawlerProcess  # noqa: E402
from rotating_proxies.policy import BanDetectionPolicy  # noqa: E402

FOREIGN_SCRIPT = re.compile(r"<script[^>]+src=[\"']?(https?:)?//")
BUSY = {429, 503}


def is_own_page(response):
    number = re.search(r"/page/(\d+)", response.url).group(1)
    return f"Page {number}:" in response.text and not FOREIGN_SCRIPT.search(response.text)


def is_good(response):
    return response.status == 200 and isinstance(response, scrapy.http.TextResponse) and is_own_page(response)


class PagePolicy(BanDetectionPolicy):
    def response_is_ban(self, request, response):
        if response.status in BUSY:
            return None
        return not is_good(response)


class FirstAttempt:
    """Notes when a page was first tried; copies of the request keep it."""

    def process_request(self, request):
        request.meta.setdefault("first_attempt", time.perf_counter())


class PageSpider(scrapy.Spider):
    name = "pages"
    handle_httpstatus_all = True

    async def start(self):
        for url in self.job["pages"]:
            yield scrapy.Request(url, callback=self.parse, errback=self.give_up, dont_filter=True)

    def parse(self, response):
        if is_good(response):
            first = response.meta["first_attempt"]
            self.tally["latencies"].append(round((time.perf_counter() - first) * 1000, 2))
        else:
            self.tally["failed"] += 1
        self.end_when_done()

    def give_up(self, _failure):
        self.tally["failed"] += 1
        self.end_when_done()

    def end_when_done(self):
        if len(self.tally["latencies"]) + self.tally["failed"] == len(self.job["pages"]):
            self.finish()


def settings_for(job):
    return {
        "ROTATING_PROXY_LIST": job["proxies"],
        "ROTATING_PROXY_BAN_POLICY": PagePolicy,
        "ROTATING_PROXY_PAGE_RETRY_TIMES": job["retries"],
        "RETRY_TIMES": job["retries"],
        "RETRY_HTTP_CODES": sorted(BUSY),
        "DOWNLOADER_MIDDLEWARES": {
            FirstAttempt: 605,
            "rotating_proxies.middlewares.RotatingProxyMiddleware": 610,
            "rotating_proxies.middlewares.BanDetectionMiddleware": 620,
        },
        "CONCURRENT_REQUESTS": job["concurrency"],
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1 if job["polite"] else job["concurrency"],
        "DOWNLOAD_DELAY": 1 if job["polite"] else 0,
        "DOWNLOAD_TIMEOUT": job["attemptMs"] / 1000,
        "ROBOTSTXT_OBEY": False,
        "COOKIES_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_ENABLED": False,
    }


def main():
    with open(sys.argv[1]) as file:
        job = json.load(file)
    print(json.dumps({"ready": True, "version": f"scrapy {scrapy.__version__}"}), flush=True)
    sys.stdin.readline()

    start = time.perf_counter()
    tally = {"latencies": [], "bad": 0, "failed": 0}
    process = AsyncCrawlerProcess(settings_for(job))
    crawler = process.create_crawler(PageSpider)

    def finish():
        cut = len(job["pages"]) - len(tally["latencies"]) - tally["failed"]
        attempts = crawler.stats.get_value("downloader/request_count", 0)
        wall_ms = (time.perf_counter() - start) * 1000
        print(json.dumps({**tally, "cut": cut, "attempts": attempts, "wallMs": wall_ms}), flush=True)
        sys.stdin.readline()
        os._exit(0)

    PageSpider.job, PageSpider.tally, PageSpider.finish = job, tally, staticmethod(finish)
    process.crawl(crawler)
    from twisted.internet import reactor

    reactor.callLater(job["capMs"] / 1000, finish)
    process.start()


main()
