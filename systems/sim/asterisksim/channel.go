package asterisksim

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The states of a channel that calls of this world pass through.
const (
	chanRing    = 4 // rings at the far end
	chanRinging = 5 // this phone rings
	chanUp      = 6
)

func stateName(state int) string {
	switch state {
	case chanRing:
		return "Ring"
	case chanRinging:
		return "Ringing"
	case chanUp:
		return "Up"
	default:
		return "Down"
	}
}

// channel is one end of a call as Asterisk lists it.
type channel struct {
	name, uniqueid, linkedid string
	state                    int
	callerNum, callerName    string
	lineNum, lineName        string // who is at the other end
	context, exten           string
	priority                 int
	app, data                string
	bridge                   string
	created                  time.Time
	sequence                 int // of its call detail record
}

// lines are the channel as events show it; prefix is empty or Dest.
func (c *channel) lines(prefix string) block {
	return block{
		line(prefix+"Channel", c.name),
		number(prefix+"ChannelState", c.state),
		line(prefix+"ChannelStateDesc", stateName(c.state)),
		line(prefix+"CallerIDNum", orUnknown(c.callerNum)),
		line(prefix+"CallerIDName", orUnknown(c.callerName)),
		line(prefix+"ConnectedLineNum", orUnknown(c.lineNum)),
		line(prefix+"ConnectedLineName", orUnknown(c.lineName)),
		line(prefix+"Language", "en"),
		line(prefix+"AccountCode", ""),
		line(prefix+"Context", c.context),
		line(prefix+"Exten", c.exten),
		number(prefix+"Priority", c.priority),
		line(prefix+"Uniqueid", c.uniqueid),
		line(prefix+"Linkedid", c.linkedid),
	}
}

// technology is what stands before the slash.
func (c *channel) technology() string {
	tech, _, _ := strings.Cut(c.name, "/")
	return tech
}

func orUnknown(s string) string {
	if s == "" {
		return "<unknown>"
	}
	return s
}

// names hands out what Asterisk numbers: unique ids, channel names, records.
type names struct {
	unique, sequence int
	phones, locals   int
}

// open returns a new channel without a name.
func (n *names) open(at time.Time) *channel {
	c := &channel{
		uniqueid: strconv.FormatInt(at.Unix(), 10) + "." + strconv.Itoa(n.unique),
		created:  at, priority: 1, sequence: n.next(),
	}
	n.unique++
	c.linkedid = c.uniqueid
	return c
}

// next numbers a call detail record.
func (n *names) next() int {
	n.sequence++
	return n.sequence - 1
}

func (n *names) phone(endpoint string) string {
	n.phones++
	return fmt.Sprintf("PJSIP/%s-%08x", endpoint, n.phones-1)
}

// local names the first half of a Local channel; the second ends in ";2".
func (n *names) local(target string) string {
	n.locals++
	return fmt.Sprintf("Local/%s-%08x;1", target, n.locals-1)
}

// newBridge is the id of a bridge.
func newBridge() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// extensionOf is the extension that an interface such as
// Local/1001@from-queue/n, PJSIP/1001 or hint:1001@ext-local leads to.
func extensionOf(device string) string {
	rest := device
	for _, cut := range []string{"/", ":"} {
		if _, after, ok := strings.Cut(rest, cut); ok {
			rest = after
			break
		}
	}
	rest, _, _ = strings.Cut(rest, "/")
	rest, _, _ = strings.Cut(rest, "@")
	return rest
}

// localTarget is the exten@context of a Local interface, empty for any other.
func localTarget(device string) string {
	rest, ok := strings.CutPrefix(device, "Local/")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "/")
	return rest
}
