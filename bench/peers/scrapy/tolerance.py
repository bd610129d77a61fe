"""Scrapy's spiders: response.text and response.css("a"), robots.txt obeyed, cookies kept; SitemapSpider for sitemaps.

One retry, and no delay. Certificates are not checked, as is its default.
"""

import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")

import scrapy  # noqa: E402
from scrapy.crawler import AsyncCrawlerProcess  # noqa: E402
from scrapy.spiders import SitemapSpider  # noqa: E402

with open(sys.argv[1]) as file:
    JOB = json.load(file)
GOT = set()
NOTES = {}


def look(response, case):
    text = response.text if isinstance(response, scrapy.http.TextResponse) else response.body.decode("latin1")
    if isinstance(response, scrapy.http.HtmlResponse):
        text = "".join(response.xpath("//body//text()").getall())
    if case["marker"] in text:
        GOT.add(case["id"])
    else:
        NOTES[case["id"]] = f"read: {text[:60]}"


class Pages(scrapy.Spider):
    name = "pages"

    async def start(self):
        for case in JOB["cases"]:
            if case["needs"] != "sitemap":
                jar = {"case": case, "cookiejar": case["id"]}
                yield scrapy.Request(case["start"], meta=jar, errback=self.failed, dont_filter=True)

    def parse(self, response):
        case = response.meta["case"]
        look(response, case)
        if case["needs"] == "crawl" and isinstance(response, scrapy.http.TextResponse):
            for link in response.css("a[href]"):
                try:
                    request = response.follow(link, meta=response.meta, errback=self.failed)
                except ValueError:
                    continue
                if request.url.split("/")[2] == response.url.split("/")[2]:
                    yield request

    def failed(self, failure):
        NOTES[failure.request.meta["case"]["id"]] = repr(failure.value)[:200]


class Maps(SitemapSpider):
    name = "maps"

    def parse(self, response):
        look(response, self.case)


SETTINGS = {
    "CONCURRENT_REQUESTS": 64,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 64,
    "DOWNLOAD_DELAY": 0,
    "DOWNLOAD_TIMEOUT": JOB["capMs"] / 1000,
    "DEPTH_LIMIT": 5,
    "RETRY_TIMES": 1,
    "ROBOTSTXT_OBEY": True,
    "TELNETCONSOLE_ENABLED": False,
    "LOG_ENABLED": False,
}

print(json.dumps({"ready": True, "version": f"scrapy {scrapy.__version__}"}), flush=True)
sys.stdin.readline()
process = AsyncCrawlerProcess(SETTINGS)
process.crawl(Pages)
for case in JOB["cases"]:
    if case["needs"] == "sitemap":
        process.crawl(Maps, sitemap_urls=[f"{case['origin']}/robots.txt"], case=case)
process.start()
print(json.dumps({"got": sorted(GOT), "notes": NOTES}), flush=True)
sys.stdin.readline()
os._exit(0)
