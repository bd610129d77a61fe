/** Small, whole specimens of what strangers send. */
export const samples: readonly string[] = [
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Books</title><base href="/shop/">
<link rel="canonical" href="https://a.example/books"><meta name="robots" content="noindex, nofollow">
<meta http-equiv="refresh" content="5; url=https://b.example/"></head><body><h1>Books <small>for sale</small></h1>
<!-- a comment --><nav><a href="?page=2" rel="next nofollow">next</a><a href="//c.example/x">other</a></nav>
<table><tr><td>1<td><b>two<i>three</b></i></table><ul><li>a<li>b</ul><p>Some <font size=2>text<p>and more
<form action="/login" method=post><input name=user value='a "quoted" one'><select><option>1<option selected>2</select></form>
<svg viewBox="0 0 1 1"><style>a{}</style><path d="M0 0"/></svg><script>if (a < b) document.write("<div>")</script>
<template><p>hidden</p></template></body></html>`,
  `<!doctype html><html><head><title>Attention Required! | Cloudflare</title></head><body><h1>Sorry, you have been blocked</h1>
<p>Please complete the security check to access the site. Unusual traffic from your network.</p>
<div class="g-recaptcha" data-sitekey="x"></div><script src="http://ads.example/x.js"></script></body></html>`,
  `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE x [<!ENTITY a "b">]><rss version="2.0" xmlns:m="urn:m"><channel>
<title>News &amp; more</title><item><m:id>1</m:id><link>https://a.example/1</link><![CDATA[<b>raw</b>]]></item></channel></rss>`,
  `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://a.example/1</loc>
<lastmod>2026-01-02</lastmod></url><url><loc> https://a.example/2?a=1&amp;b=2 </loc></url></urlset>`,
  `<sitemapindex><sitemap><loc>https://a.example/s1.xml.gz</loc></sitemap></sitemapindex>`,
  'https://a.example/1\nhttps://a.example/2\r\n\nhttps://a.example/3',
  `# robots\nUser-agent: *\nDisallow: /private/*?id=*$\nAllow: /private/open\nCrawl-delay: 2\n\nUser-agent: regatta\nDisallow: /a*b*c\nSitemap: https://a.example/sitemap.xml`,
  'https://user:pw@a.example:8443/docs/2031-05-12/calendar/../x;jsessionid=0123456789abcdef?utm_source=x&a=%7e&b=1&b=2#top',
  '/luxembourg/luxembourg/a-b-c-d/550e8400-e29b-41d4-a716-446655440000/page.html?sort=asc&filter[]=1&filter[]=2',
  'limit=100, remaining=0, reset=30',
  '"default";r=0;t=30, "burst";r=1;t=2',
  'Wed, 21 Oct 2026 07:28:00 GMT',
  'ExampleCDN; received-status=502, proxy.example; error="destination_unavailable"; details="it said \\"no\\""; rcode="NXDOMAIN"',
  'text/html; charset="windows-1252"; boundary=x',
  'googlebot: noindex, nofollow, regatta: none, unavailable_after: 25 Jun 2027',
  '192.0.2.1:8080\nsocks5://user:pass@[2001:db8::1]:1080 # home country=de\nproxy.example:3128:bob:secret\nhttp://198.51.100.7',
  'ip,port,protocol,country\n192.0.2.1,8080,http,DE\n"192.0.2.2","1080","socks5","US"',
  '{"data":[{"id":1,"name":"one","tags":["a","b"],"next":null}],"page":1,"ip":"192.0.2.7","headers":{"Via":"1.1 x"}}',
]
