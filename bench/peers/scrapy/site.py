"""Scrapy's spider as its tutorial shows it: css and xpath on the response, response.follow_all for the links.

Settings: so many requests at once, no delay, robots.txt, cookies, logs, the console and statistics of memory off.
"""

import json
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import scrapy  # noqa: E402
from scrapy.crawler import AsyncCrawlerProcess  # noqa: E402

with open(sys.argv[1]) as file:
    JOB = json.load(file)
HOST = JOB["start"].split("/")[2].split(":")[0]
TALLY = {"pages": 0, "titles": 0, "characters": 0, "links": 0}


class SiteSpider(scrapy.Spider):
    name = "site"
    start_urls = [JOB["start"]]
    allowed_domains = [HOST]

    def parse(self, response):
        TALLY["pages"] += 1
        if not isinstance(response, scrapy.http.HtmlResponse):
            return
        title = response.css("head title::text").get(default="")
        text = "".join(response.xpath("//body//text()[not(parent::script or parent::style)]").getall())
        links = response.css("a[href]")
        TALLY["titles"] += title != ""
        TALLY["characters"] += len(text)
        TALLY["links"] += len(links)
        yield from response.follow_all(links)


SETTINGS = {
    "CONCURRENT_REQUESTS": JOB["concurrency"],
    "CONCURRENT_REQUESTS_PER_DOMAIN": JOB["concurrency"],
    "DOWNLOAD_DELAY": 0,
    "ROBOTSTXT_OBEY": False,
    "COOKIES_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "LOG_ENABLED": False,
    "MEMUSAGE_ENABLED": False,
}

print(json.dumps({"ready": True, "version": f"scrapy {scrapy.__version__}"}), flush=True)
sys.stdin.readline()
begun = time.perf_counter()
process = AsyncCrawlerProcess(SETTINGS)
process.crawl(SiteSpider)
process.start()
print(json.dumps({**TALLY, "wallMs": (time.perf_counter() - begun) * 1000}), flush=True)
sys.stdin.readline()
os._exit(0)
