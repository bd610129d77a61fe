// Colly's collector as its documentation shows it: OnHTML, ChildText, Visit, asynchronous, so many requests at once.
// `colly site JOB` crawls a site; `colly fetch JOB` asks for one page and prints what it got.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gocolly/colly/v2"
)

type job struct {
	Start       string `json:"start"`
	Concurrency int    `json:"concurrency"`
}

type tally struct {
	pages, titles, characters, links atomic.Int64
}

func main() {
	if len(os.Args) != 3 || os.Args[1] != "site" {
		fmt.Fprintln(os.Stderr, "usage: peer-colly site JOB")
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
	say(crawl(given))
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
