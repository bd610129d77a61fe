package main

import (
	"net/url"
	"sync"
	"time"

	"github.com/gocolly/colly/v2"
	"github.com/gocolly/colly/v2/proxy"
)

// `peer-colly liars JOB`: a list of proxies as its documentation sets it up, with proxy.RoundRobinProxySwitcher. It retries
// nothing by itself; as its users do, a request that failed (an error, or a status that is no success) is asked for again
// in OnError, here three times, each through the next proxy. The delay of a LimitRule is for a domain, over all proxies, so
// there is none.
func besideLiars(given job) map[string]any {
	start, _ := url.Parse(given.Urls[0])
	collector := colly.NewCollector(colly.Async(true), colly.AllowedDomains(start.Hostname()))
	collector.Limit(&colly.LimitRule{DomainGlob: "*", Parallelism: given.Concurrency})
	collector.SetRequestTimeout(time.Duration(given.AttemptMs) * time.Millisecond)
	switcher, err := proxy.RoundRobinProxySwitcher(given.Proxies...)
	if err != nil {
		panic(err)
	}
	collector.SetProxyFunc(switcher)
	var mutex sync.Mutex
	pages := []map[string]string{}
	retries := map[string]int{}
	collector.OnResponse(func(page *colly.Response) {
		mutex.Lock()
		defer mutex.Unlock()
		pages = append(pages, map[string]string{"url": page.Request.URL.String(), "body": string(page.Body)})
	})
	if given.Follow {
		collector.OnHTML("a[href]", func(link *colly.HTMLElement) { link.Request.Visit(link.Attr("href")) })
	}
	collector.OnError(func(answer *colly.Response, _ error) {
		address := answer.Request.URL.String()
		mutex.Lock()
		count := retries[address]
		retries[address]++
		mutex.Unlock()
		if count < given.Retries {
			answer.Request.Retry()
		}
	})
	for _, address := range given.Urls {
		collector.Visit(address)
	}
	done := make(chan struct{})
	go func() {
		collector.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Duration(given.CapMs) * time.Millisecond):
	}
	mutex.Lock()
	defer mutex.Unlock()
	return map[string]any{"pages": append([]map[string]string{}, pages...), "givenUp": nil}
}
