"""Scrapy with scrapy-rotating-proxies, as the README of that sets it up: ROTATING_PROXY_LIST and its two middlewares.

Its ban policy is the default (a status other than 200, 301 and 302, an empty body and an error are a ban, which is retried through
another proxy, five times), and so are Scrapy's own retries and redirects. The interval is DOWNLOAD_DELAY, which with the middleware holds for
each proxy. The spider follows the links of its host, as the tutorial's does. Given up are the proxies that the middleware
counts as dead at the end. Logs and the console are off; so is robots.txt.
"""

import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")

import scrapy  # noqa: E402
from rotating_proxies.middlewares import RotatingProxyMiddleware  # noqa: E402
from scrapy.crawler import AsyncCrawlerProcess  # noqa: E402

with open(sys.argv[1]) as file:
    JOB = json.load(file)
PAGES = []


class LiarsSpider(scrapy.Spider):
    name = "liars"
    start_urls = JOB["urls"]
    allowed_domains = [JOB["urls"][0].split("/")[2].split(":")[0]]

    def parse(self, response):
        PAGES.append({"url": response.url, "body": response.text})
        if JOB["follow"] and isinstance(response, scrapy.http.HtmlResponse):
            yield from response.follow_all(response.css("a[href]"))


SETTINGS = {
    "ROTATING_PROXY_LIST": JOB["proxies"],
    "DOWNLOADER_MIDDLEWARES": {
        "rotating_proxies.middlewares.RotatingProxyMiddleware": 610,
        "rotating_proxies.middlewares.BanDetectionMiddleware": 620,
    },
    "CONCURRENT_REQUESTS": JOB["concurrency"],
    "DOWNLOAD_DELAY": JOB["interval"] / 1000,
    "DOWNLOAD_TIMEOUT": JOB["attemptMs"] / 1000,
    "ROBOTSTXT_OBEY": False,
    "TELNETCONSOLE_ENABLED": False,
    "LOG_ENABLED": False,
    "MEMUSAGE_ENABLED": False,
    "CLOSESPIDER_TIMEOUT": JOB["capMs"] / 1000,
}

print(json.dumps({"ready": True, "version": f"scrapy {scrapy.__version__}"}), flush=True)
sys.stdin.readline()
process = AsyncCrawlerProcess(SETTINGS)
crawler = process.create_crawler(LiarsSpider)
DEAD = []


def note_dead():
    # Others can be asked only while it runs.
    middleware = crawler.get_downloader_middleware(RotatingProxyMiddleware)
    DEAD[:] = [proxy.split("//")[-1] for proxy in middleware.proxies.dead]


crawler.signals.connect(note_dead, signal=scrapy.signals.spider_closed)
process.crawl(crawler)
process.start()
result = {"pages": PAGES, "givenUp": DEAD}
print(json.dumps(result), flush=True)
sys.stdin.readline()
os._exit(0)
