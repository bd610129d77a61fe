// Colly's collector as its documentation shows it: OnHTML, ChildText, Visit, asynchronous, so many requests at once.
// `peer-colly site JOB` crawls a site and counts; `peer-colly tolerance JOB` crawls many small ones and looks for a text in
// each, with robots.txt obeyed and charsets detected; `peer-colly liars JOB` crawls a site through proxies (liars.go). It has
// nothing for sitemaps.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gocolly/colly/v2"
)

type job struct {
	Start       string `json:"start"`
	Concurrency int    `json:"concurrency"`
	Cases       []struct {
		ID     string `json:"id"`
		Start  string `json:"start"`
		Needs  string `json:"needs"`
		Marker string `json:"marker"`
	} `json:"cases"`
	CapMs     int      `json:"capMs"`
	Urls      []string `json:"urls"`
	Follow    bool     `json:"follow"`
	Proxies   []string `json:"proxies"`
	AttemptMs int      `json:"attemptMs"`
	Retries   int      `json:"retries"`
}

type tally struct {
	pages, titles, characters, links atomic.Int64
}

func main() {
	runs := map[string]func(job) map[string]any{"site": crawl, "tolerance": tolerate, "liars": besideLiars}
	if len(os.Args) != 3 || runs[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: peer-colly site|tolerance|liars JOB")
		os.Exit(2)
	}
	var given job
	text, err := os.ReadFile(os.Args[2])
	if err == nil {
		err = json.Unmarshal(text, &given)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	say(map[string]any{"ready": true, "version": version()})
	lines := bufio.NewScanner(os.Stdin)
	lines.Scan()
	say(runs[os.Args[1]](given))
	lines.Scan()
}

func crawl(given job) map[string]any {
	begun := time.Now()
	start, _ := url.Parse(given.Start)
	var found tally
	collector := colly.NewCollector(colly.Async(true), colly.AllowedDomains(start.Hostname()))
	collector.Limit(&colly.LimitRule{DomainGlob: "*", Parallelism: given.Concurrency})
	collector.OnResponse(func(*colly.Response) { found.pages.Add(1) })
	collector.OnHTML("html", func(page *colly.HTMLElement) {
		if page.DOM.Find("head title").First().Text() != "" {
			found.titles.Add(1)
		}
		page.DOM.Find("script, style").Remove()
		found.characters.Add(int64(utf8.RuneCountInString(page.DOM.Find("body").Text())))
		for _, link := range page.ChildAttrs("a[href]", "href") {
			found.links.Add(1)
			// To Colly the same page with another fragment is another page.
			address, _, _ := strings.Cut(link, "#")
			page.Request.Visit(address)
		}
	})
	collector.Visit(given.Start)
	collector.Wait()
	return map[string]any{
		"pages": found.pages.Load(), "titles": found.titles.Load(),
		"characters": found.characters.Load(), "links": found.links.Load(),
		"wallMs": float64(time.Since(begun).Microseconds()) / 1000,
	}
}

func tolerate(given job) map[string]any {
	var mutex sync.Mutex
	got := map[string]bool{}
	notes := map[string]string{}
	note := func(id, text string) {
		mutex.Lock()
		defer mutex.Unlock()
		notes[id] = text
	}
	var all sync.WaitGroup
	for _, each := range given.Cases {
		if each.Needs == "sitemap" {
			continue
		}
		all.Add(1)
		go func() {
			defer all.Done()
			collector := colly.NewCollector(colly.MaxDepth(5), colly.DetectCharset())
			collector.IgnoreRobotsTxt = false
			collector.SetRequestTimeout(time.Duration(given.CapMs) * time.Millisecond)
			start, _ := url.Parse(each.Start)
			collector.AllowedDomains = []string{start.Hostname()}
			collector.OnResponse(func(page *colly.Response) {
				if strings.Contains(string(page.Body), each.Marker) {
					mutex.Lock()
					defer mutex.Unlock()
					got[each.ID] = true
				}
			})
			collector.OnHTML("html", func(page *colly.HTMLElement) {
				if strings.Contains(page.DOM.Find("body").Text(), each.Marker) {
					mutex.Lock()
					got[each.ID] = true
					mutex.Unlock()
				}
				if each.Needs == "crawl" {
					for _, link := range page.ChildAttrs("a[href]", "href") {
						page.Request.Visit(link)
					}
				}
			})
			collector.OnError(func(_ *colly.Response, err error) { note(each.ID, err.Error()) })
			if err := collector.Visit(each.Start); err != nil {
				note(each.ID, err.Error())
			}
		}()
	}
	all.Wait()
	ids := []string{}
	for id := range got {
		ids = append(ids, id)
		delete(notes, id)
	}
	return map[string]any{"got": ids, "notes": notes}
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/gocolly/colly/v2" {
				return "colly " + module.Version
			}
		}
	}
	return "colly"
}

func say(value map[string]any) {
	json.NewEncoder(os.Stdout).Encode(value)
}
