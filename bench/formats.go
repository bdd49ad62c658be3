package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/document/documenttest"
	"github.com/dualtone/dualtone/report/document/pdf"
	"github.com/dualtone/dualtone/report/document/xlsx"
)

// printed is one report of so many user-days in one format: what it took, and the
// most memory that the process held for it.
type printed struct {
	Format string        `json:"format"`
	Rows   int           `json:"rows"`
	Took   time.Duration `json:"took"`
	Bytes  int64         `json:"bytes"`
	Most   int64         `json:"most"`
}

// printers are the formats that take long tables.
func printers() map[string]func(io.Writer, *document.Document) error {
	return map[string]func(io.Writer, *document.Document) error{
		"xlsx": xlsx.Write,
		"csv":  func(w io.Writer, d *document.Document) error { return d.WriteCSV(w, "") },
		"json": func(w io.Writer, d *document.Document) error { return d.WriteJSON(w) },
		"pdf":  pdf.Write,
	}
}

// formats measures how long tables are printed, each in a process of its own.
func formats(ctx context.Context, s settings, found *findings) error {
	found.Printed = nil
	sizes := []int{10_000, 100_000, 1_000_000}
	if s.quick {
		sizes = []int{1000, 10_000}
	}
	itself, err := os.Executable()
	if err != nil {
		return err
	}
	for _, format := range []string{"xlsx", "csv", "json", "pdf"} {
		for _, rows := range sizes {
			p := printed{Format: format, Rows: rows}
			file := filepath.Join(s.dir, "days."+format)
			cmd := exec.CommandContext(ctx, itself, "print", format, strconv.Itoa(rows), file) //nolint:gosec // our own program
			cmd.Stderr = os.Stderr
			began := time.Now()
			if p.Most, err = runWatched(cmd); err != nil {
				return fmt.Errorf("print %d rows as %s: %w", rows, format, err)
			}
			p.Took = time.Since(began)
			about, err := os.Stat(file)
			if err != nil {
				return err
			}
			p.Bytes = about.Size()
			if err := os.Remove(file); err != nil {
				return err
			}
			s.say("%-5s %9d rows: %6.1f s, %6.1f MB, at most %4d MB held", format, rows, p.Took.Seconds(), float64(p.Bytes)/1e6, p.Most>>20)
			found.Printed = append(found.Printed, p)
		}
	}
	return nil
}

// printOne is the process that is measured.
func printOne(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: bench print FORMAT ROWS FILE")
	}
	write, ok := printers()[args[0]]
	rows, err := strconv.Atoi(args[1])
	if err != nil || !ok {
		return fmt.Errorf("print %s %s: %w", args[0], args[1], errors.ErrUnsupported)
	}
	f, err := os.Create(args[2]) //nolint:gosec // the bench names its own file
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	return errors.Join(write(out, documenttest.Days(rows)), out.Flush(), f.Close())
}

func (f *findings) reportFormats(b *strings.Builder) {
	if len(f.Printed) == 0 {
		return
	}
	b.WriteString(`
## Long reports

The user-days behind a total of overlap, ten columns wide, printed by a process of its own. What it holds must not grow
with the rows: a workbook's are packed on their way to the disk. A PDF prints the first 400 and sums all.

| format | rows | time | rows in a second | file | most memory held |
| --- | --- | --- | --- | --- | --- |
`)
	for _, p := range f.Printed {
		fmt.Fprintf(b, "| %s | %d | %.1f s | %.0f | %.1f MB | %d MB |\n",
			p.Format, p.Rows, p.Took.Seconds(), float64(p.Rows)/p.Took.Seconds(), float64(p.Bytes)/1e6, p.Most>>20)
	}
}
