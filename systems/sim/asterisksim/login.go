package asterisksim

import (
	"crypto/md5" //nolint:gosec // the protocol's own challenge uses it
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"time"
)

func doChallenge(c *session, m message, out *answer) {
	if !strings.EqualFold(m.get("AuthType"), "MD5") {
		out.fail("Must specify AuthType")
		return
	}
	if c.challenge == "" {
		n, err := rand.Int(rand.Reader, big.NewInt(1<<31))
		if err != nil {
			out.fail("Authentication failed")
			return
		}
		c.challenge = n.String()
	}
	out.respond("Success", line("Challenge", c.challenge))
}

func doLogin(c *session, m message, out *answer) {
	if c.in {
		out.ack("Already authenticated")
		return
	}
	if !c.proves(m) {
		out.fail("Authentication failed")
		out.bye = true
		return
	}
	c.in = true
	mask := "on"
	if slices.ContainsFunc(m, func(h header) bool { return strings.EqualFold(h.key, "Events") }) {
		mask = m.get("Events")
	}
	c.setMask(mask)
	out.ack("Authentication accepted")
	c.mu.Lock()
	wanted := c.mask["system"]
	c.mu.Unlock()
	if wanted {
		up := int64(c.server.world.Now().Sub(c.server.started) / time.Second)
		block{
			line("Event", "FullyBooted"), line("Privilege", "system,all"),
			number("Uptime", up), number("LastReload", up), line("Status", "Fully Booted"),
		}.writeTo(&out.buf)
	}
}

// proves checks the secret, or the key that answers the challenge.
func (c *session) proves(m message) bool {
	want := c.server.opts.Secret
	given := m.get("Secret")
	if strings.EqualFold(m.get("AuthType"), "MD5") {
		if c.challenge == "" {
			return false
		}
		sum := md5.Sum([]byte(c.challenge + want)) //nolint:gosec // the protocol's own challenge uses it
		want, given = hex.EncodeToString(sum[:]), m.get("Key")
	}
	return m.get("Username") == c.server.opts.Username &&
		subtle.ConstantTimeCompare([]byte(want), []byte(given)) == 1
}

// setMask chooses the classes of events and reports whether any is left.
func (c *session) setMask(mask string) bool {
	wanted := map[string]bool{}
	classes := strings.Split(mask, ",")
	for _, class := range c.server.opts.Read {
		if truth(mask) || slices.Contains(classes, "all") || slices.Contains(classes, class) {
			wanted[class] = true
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mask = wanted
	return len(wanted) > 0
}

func doEvents(c *session, m message, out *answer) {
	if c.setMask(m.get("EventMask")) {
		out.respond("Success", line("Events", "On"))
		return
	}
	out.respond("Success", line("Events", "Off"))
}

func doLogoff(_ *session, _ message, out *answer) {
	out.respond("Goodbye", line("Message", "Thanks for all the fish."))
	out.bye = true
}
