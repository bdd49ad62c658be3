package contract

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/internal/placed"
)

// What is wrong with a contracts file is told as with every file that people
// write.
type (
	// Fault is one thing that is wrong, where it stands, and what to write instead.
	Fault = placed.Fault
	// Faults are all that is wrong, in the order of the file.
	Faults = placed.Faults
)

// Source is a contracts file and what it is read with.
type Source struct {
	// Name is the file's, for faults. One that ends in .csv is read as CSV.
	Name string
	Text []byte
	// Open returns the text of a file that the contracts name, by its name beside
	// them.
	Open func(name string) ([]byte, error)
	// Systems are the connected systems; nil does not check for them.
	Systems []string
	// Book is what a CSV file does not say of itself.
	Book Head
}

// Head is what a book of contracts is as a whole, where its file is CSV.
type Head struct {
	Name     string
	Owner    string
	Currency finance.Currency
	Policy   finance.Policy
	Rates    string
}

// Document is a contracts file with the rates that it names.
type Document struct {
	File   File            `json:"file"`
	Quotes []finance.Quote `json:"quotes,omitempty"`
}

// Reading is a contracts file as it was read, and all that is wrong with it.
type Reading struct {
	Document Document
	Faults   Faults

	source Source
	sheet  *placed.Sheet
	files  map[string]string
}

// Read reads a contracts file and checks it. The document is good when Faults has
// no error.
func Read(s Source) *Reading {
	r := &Reading{source: s, sheet: placed.NewSheet(s.Name, s.Text), files: map[string]string{}}
	defer func() {
		r.sheet.Settle(r.files)
		r.Faults = r.sheet.Faults
	}()
	file := &r.Document.File
	read := r.readYAML
	if strings.HasSuffix(strings.ToLower(s.Name), ".csv") {
		read = r.readCSV
	}
	if !read(file) {
		return r
	}
	r.openRates()
	l := linter{Reading: r, spec: &file.Spec}
	l.lint()
	return r
}

func (r *Reading) readYAML(into *File) bool {
	asked := placed.Asked{Smaller: "write a book of contracts for each company", Single: "write one book of contracts a file"}
	return r.sheet.Decode(into, asked, "begin with apiVersion: "+APIVersion)
}

const (
	exchangePath = "spec.exchange"
	ratesPath    = exchangePath + ".rates"
	mostRates    = 16 << 20
)

// openRates reads the rates of exchange beside the contracts.
func (r *Reading) openRates() {
	x := r.Document.File.Spec.Exchange
	if x == nil || x.Rates == "" || r.sheet.Unreadable(ratesPath) {
		return
	}
	bad := func(problem, want string) {
		r.sheet.Fault(placed.Wrong, r.sheet.Place(ratesPath), ratesPath, problem, want)
		r.sheet.Break(ratesPath)
	}
	name := x.Rates
	if clean := path.Clean(name); clean != name || path.IsAbs(name) || strings.HasPrefix(name, "..") || strings.Contains(name, `\`) {
		bad(fmt.Sprintf("%q is not a file beside the contracts", placed.Printable(name)), "write its path from the folder of the contracts, with slashes and without ..")
		return
	}
	if r.source.Open == nil {
		bad(fmt.Sprintf("the file %s cannot be read here", name), "")
		return
	}
	text, err := r.source.Open(name)
	switch {
	case errors.Is(err, dualtone.ErrNotFound):
		bad("there is no file "+name, "put it beside the contracts, with the columns date, from, to, rate, source")
		return
	case err != nil:
		bad(fmt.Sprintf("the file %s cannot be read: %v", name, err), "")
		return
	case len(text) > mostRates:
		bad(fmt.Sprintf("the file %s is over 16 MB", name), "keep the rates that contracts need")
		return
	case !utf8.Valid(text):
		bad(fmt.Sprintf("the file %s is not UTF-8", name), "save it as UTF-8")
		return
	}
	r.files[name] = string(text)
	rates := placed.NewSheet(path.Join(path.Dir(r.source.Name), name), text)
	r.Document.Quotes = readQuotes(rates)
	if len(rates.Faults) > 0 {
		r.sheet.Break(ratesPath)
		r.sheet.Faults = append(r.sheet.Faults, rates.Faults...)
	}
}

// Text is the file as it was written.
func (r *Reading) Text() string { return string(r.source.Text) }
