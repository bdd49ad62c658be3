package calllogtest

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// AsteriskCSV is a Master.csv with records from the n-th on, so many: calls from
// outside to people and queues, each a key of its own.
func AsteriskCSV(n, count int) []byte {
	const callers = 20_000
	var b bytes.Buffer
	begin := time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)
	for i := n; i < n+count; i++ {
		at := begin.Add(time.Duration(i) * 700 * time.Millisecond)
		start, end := at.Format(time.DateTime), at.Add(95*time.Second).Format(time.DateTime)
		caller := fmt.Sprintf("1212%07d", 2_000_000+i*7919%callers)
		extension := 1000 + i%800
		app, data := "Dial", fmt.Sprintf("PJSIP/%d,20", extension)
		if i%3 == 0 {
			app, data = "Queue", "support,,,,15"
		}
		fmt.Fprintf(&b, `"","%s","%d","from-internal","""Customer %d"" <%s>","PJSIP/carrier-%08x","PJSIP/%d-%08x","%s","%s","%s","%s","%s",95,88,"ANSWERED","DOCUMENTATION","%d.%d","","","%d.%d",%d`+"\n",
			caller, extension, i%callers, caller, i, extension, i+1, app, data, start, start, end, at.Unix(), i, at.Unix(), i, i)
	}
	return b.Bytes()
}

// UCMFile makes more records like those of a CDR file of Cisco UCM: its first two
// lines are the columns and their types, and pkid tells its records apart.
func UCMFile(sample []byte, pkid string, n, count int) []byte {
	lines := strings.SplitAfter(string(sample), "\n")
	var b bytes.Buffer
	b.WriteString(lines[0] + lines[1])
	for i := n; i < n+count; i++ {
		row := strings.Replace(lines[2+i%5], pkid, fmt.Sprintf("%08x", i), 1)
		row = strings.Replace(row, "+1212555", fmt.Sprintf("+1212%03d", i%1000), 1)
		b.WriteString(epoch.ReplaceAllStringFunc(row, func(seconds string) string {
			at, _ := strconv.Atoi(seconds) // ten digits
			return strconv.Itoa(at + i/2)
		}))
	}
	return b.Bytes()
}

// epoch is a time of these years as UCM writes it.
var epoch = regexp.MustCompile(`\b1[78][0-9]{8}\b`)
