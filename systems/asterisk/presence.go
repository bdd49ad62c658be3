package asterisk

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
)

// The channel states of AMI that matter here.
const (
	channelRing = 4 // the caller's side, before the other end answers
	channelUp   = 6
)

type presence struct{ directory }

// Presence tells whether the user's phone would ring, and every call that they
// are in: by their channels, by a queue that holds them for in a call, and by
// the wrap-up time after a queue's call.
func (p presence) Presence(ctx context.Context, user dualtone.UserID) (dualtone.Presence, error) {
	endpoint, err := p.endpoint(ctx, user)
	if err != nil {
		return dualtone.Presence{}, err
	}
	channels, err := p.ask(ctx, "CoreShowChannels", nil)
	if err != nil {
		return dualtone.Presence{}, err
	}
	members, err := p.members(ctx, user, "")
	if err != nil {
		return dualtone.Presence{}, err
	}
	state := endpoint.get("DeviceState")
	found := dualtone.Presence{
		SignedIn: !slices.Contains([]string{"Unavailable", "Invalid", "Unknown", "INVALID", "UNAVAILABLE"}, state),
		Calls:    p.calls(channels, user, state),
	}
	if len(found.Calls) > 0 {
		return found, nil
	}
	found.Calls, err = p.queueWork(ctx, members)
	return found, err
}

// calls groups the user's channels by call. Asterisk has several channels for
// one call; the one of the phone itself tells most.
func (p presence) calls(channels []message, user dualtone.UserID, state string) []dualtone.ActiveCall {
	var calls []dualtone.ActiveCall
	byPhone := map[string]bool{}
	for _, m := range channels {
		channel := m.get("Channel")
		if !m.isEvent("CoreShowChannel") || extensionOfChannel(channel) != string(user) {
			continue
		}
		call := dualtone.ActiveCall{
			ID:       m.get("Linkedid"),
			Activity: activity(m.number("ChannelState"), state),
			Other:    known(m.get("ConnectedLineNum")),
			Queue:    queueOf(channels, m.get("Linkedid")),
			Since:    p.Now().Add(-duration(m.get("Duration"))),
		}
		phone := !strings.HasPrefix(channel, "Local/")
		i := slices.IndexFunc(calls, func(c dualtone.ActiveCall) bool { return c.ID == call.ID })
		switch {
		case i < 0:
			calls = append(calls, call)
		case phone && !byPhone[call.ID]:
			calls[i] = call
		}
		byPhone[call.ID] = byPhone[call.ID] || phone
	}
	return calls
}

func activity(channel int, device string) dualtone.Activity {
	switch {
	case channel == channelUp && device == "On Hold":
		return dualtone.OnHold
	case channel == channelUp, channel == channelRing:
		return dualtone.Talking
	default:
		return dualtone.Ringing
	}
}

// queueWork finds what no channel shows: a call that a queue counts, and the
// wrap-up time after one, in the PBX's own time.
func (p presence) queueWork(ctx context.Context, members []message) ([]dualtone.ActiveCall, error) {
	var calls []dualtone.ActiveCall
	for _, m := range members {
		queue := dualtone.QueueID(m.get("Queue"))
		if m.get("InCall") == "1" {
			calls = append(calls, dualtone.ActiveCall{ID: "in-call-" + string(queue), Activity: dualtone.Talking, Queue: queue})
			continue
		}
		wrap := time.Duration(m.number("Wrapuptime")) * time.Second
		if wrap == 0 {
			wrap = p.WrapUp
		}
		last := m.number("LastCall")
		if wrap == 0 || last == 0 {
			continue
		}
		now, err := p.clock(ctx)
		if err != nil {
			return nil, err
		}
		ended := time.Unix(int64(last), 0).UTC()
		if now.Before(ended.Add(wrap)) {
			id := "wrap-up-" + string(queue) + "-" + strconv.Itoa(last)
			calls = append(calls, dualtone.ActiveCall{ID: id, Activity: dualtone.WrapUp, Queue: queue, Since: ended})
		}
	}
	return calls, nil
}

// clock is the PBX's time, which need not be ours.
func (c *client) clock(ctx context.Context) (time.Time, error) {
	answer, err := c.ask(ctx, "Ping", nil)
	if err != nil {
		return time.Time{}, err
	}
	seconds, err := strconv.ParseFloat(answer[0].get("Timestamp"), 64)
	if err != nil {
		return c.Now(), nil //nolint:nilerr // An Asterisk that tells no time has ours.
	}
	return time.UnixMicro(int64(seconds * 1e6)).UTC(), nil
}

// extensionOfChannel returns whose channel it is: 1001 for PJSIP/1001-0000002a
// and Local/1001@agents-00000003;1.
func extensionOfChannel(channel string) string {
	extension := extensionOf(channel)
	if i := strings.LastIndexByte(extension, '-'); i >= 0 {
		extension = extension[:i]
	}
	return extension
}

// queueOf returns the queue through which a call came.
func queueOf(channels []message, linked string) dualtone.QueueID {
	for _, m := range channels {
		if m.get("Linkedid") == linked && m.get("Application") == "Queue" {
			return queueArgument(m.get("ApplicationData"))
		}
	}
	return ""
}

// queueArgument is the first argument of the application Queue.
func queueArgument(data string) dualtone.QueueID {
	queue, _, _ := strings.Cut(data, ",")
	return dualtone.QueueID(queue)
}

func known(number string) string {
	if number == "<unknown>" {
		return ""
	}
	return number
}

// duration reads HH:MM:SS.
func duration(text string) time.Duration {
	var sum time.Duration
	for part := range strings.SplitSeq(text, ":") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return 0
		}
		sum = sum*60 + time.Duration(n)*time.Second
	}
	return sum
}
