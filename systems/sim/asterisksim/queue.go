package asterisksim

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// Why a change of members did not happen.
var (
	errThere      = errors.New("asterisksim: member is already there")
	errNotThere   = errors.New("asterisksim: no such member")
	errNotDynamic = errors.New("asterisksim: member is static")
)

// queuesOf are the queues that an action names, whatever the case of the name:
// one, none if there is no such queue, or all without a name.
func (s *Server) queuesOf(name string) []string {
	return slices.DeleteFunc(s.world.QueueIDs(), func(id string) bool {
		return name != "" && !strings.EqualFold(id, name)
	})
}

// changeMembers edits the members of one queue.
func (s *Server) changeMembers(queue string, edit func([]sim.Member) ([]sim.Member, error)) error {
	ids := s.queuesOf(queue)
	if len(ids) == 0 {
		return sim.ErrNoQueue
	}
	return s.world.ChangeMembers(ids[0], edit)
}

// personAt is the person behind an interface. One that leads to nobody stays a
// member whose phone is invalid.
func (s *Server) personAt(device string) string {
	exten := extensionOf(device)
	if p, err := s.world.Find(exten); err == nil && extension(p) == exten {
		return p.ID
	}
	return exten
}

func indexOf(members []sim.Member, device string) int {
	return slices.IndexFunc(members, func(m sim.Member) bool {
		return cmp.Or(m.Device, "PJSIP/"+m.Person) == device
	})
}

func doQueueAdd(c *session, m message, out *answer) {
	queue, device := m.get("Queue"), m.get("Interface")
	switch {
	case queue == "":
		out.fail("'Queue' not specified.")
		return
	case device == "":
		out.fail("'Interface' not specified.")
		return
	}
	penalty, err := strconv.Atoi(m.get("Penalty"))
	if err != nil || penalty < 0 {
		penalty = 0
	}
	added := sim.Member{
		Person: c.server.personAt(device), Device: device, StateDevice: m.get("StateInterface"),
		Label: m.get("MemberName"), Penalty: penalty, Paused: truth(m.get("Paused")),
	}
	if added.Paused {
		added.PauseReason = m.get("Reason")
	}
	err = c.server.changeMembers(queue, func(members []sim.Member) ([]sim.Member, error) {
		if indexOf(members, device) >= 0 {
			return nil, errThere
		}
		return append(members, added), nil
	})
	switch {
	case errors.Is(err, errThere):
		out.fail("Unable to add interface: Already there")
	case err != nil:
		out.fail("Unable to add interface to queue: No such queue")
	default:
		out.ack("Added interface to queue")
	}
}

func doQueueRemove(c *session, m message, out *answer) {
	queue, device := m.get("Queue"), m.get("Interface")
	if queue == "" || device == "" {
		out.fail("Need 'Queue' and 'Interface' parameters.")
		return
	}
	err := c.server.changeMembers(queue, func(members []sim.Member) ([]sim.Member, error) {
		i := indexOf(members, device)
		switch {
		case i < 0:
			return nil, errNotThere
		case members[i].Fixed:
			return nil, errNotDynamic
		}
		return slices.Delete(members, i, i+1), nil
	})
	switch {
	case errors.Is(err, errNotThere):
		out.fail("Unable to remove interface: Not there")
	case errors.Is(err, errNotDynamic):
		out.fail("Member not dynamic")
	case err != nil:
		out.fail("Unable to remove interface from queue: No such queue")
	default:
		out.ack("Removed interface from queue")
	}
}

// editMember changes a member of one queue, or of all without a name, and
// reports whether there was any.
func (s *Server) editMember(queue, device string, edit func(*sim.Member)) bool {
	found := false
	for _, id := range s.queuesOf(queue) {
		err := s.world.ChangeMembers(id, func(members []sim.Member) ([]sim.Member, error) {
			i := indexOf(members, device)
			if i < 0 {
				return nil, errNotThere
			}
			edit(&members[i])
			return members, nil
		})
		found = found || err == nil
	}
	return found
}

func doQueuePause(c *session, m message, out *answer) {
	device := m.get("Interface")
	if device == "" || m.get("Paused") == "" {
		out.fail("Need 'Interface' and 'Paused' parameters.")
		return
	}
	paused := truth(m.get("Paused"))
	found := c.server.editMember(m.get("Queue"), device, func(member *sim.Member) {
		member.Paused, member.PauseReason = paused, ""
		if paused {
			member.PauseReason = m.get("Reason")
		}
	})
	switch {
	case !found:
		out.fail("Interface not found")
	case paused:
		out.ack("Interface paused successfully")
	default:
		out.ack("Interface unpaused successfully")
	}
}

func doQueuePenalty(c *session, m message, out *answer) {
	device := m.get("Interface")
	if device == "" || m.get("Penalty") == "" {
		out.fail("Need 'Interface' and 'Penalty' parameters.")
		return
	}
	penalty, err := strconv.Atoi(m.get("Penalty"))
	if err != nil {
		penalty = 0
	}
	if penalty < 0 || !c.server.editMember(m.get("Queue"), device, func(member *sim.Member) { member.Penalty = penalty }) {
		out.fail("Invalid interface, queuename or penalty")
		return
	}
	out.ack("Interface penalty set successfully")
}

func doQueueStatus(c *session, m message, out *answer) {
	s, d, now := c.server, c.server.desk, c.server.world.Now()
	ids, filter := s.queuesOf(m.get("Queue")), m.get("Member")
	d.mu.Lock()
	defer d.mu.Unlock()
	out.listFollows("Queue status will follow")
	for _, id := range ids {
		f := d.figuresOf(id)
		out.itemIDLast("QueueParams",
			line("Queue", id), line("Max", "0"), line("Strategy", "rrmemory"),
			number("Calls", len(d.waiting[id])), number("Holdtime", seconds(f.hold)),
			number("TalkTime", seconds(f.talk)), number("Completed", f.completed),
			number("Abandoned", f.abandoned), line("ServiceLevel", "0"),
			line("ServicelevelPerf", "0.0"), line("ServicelevelPerf2", "0.0"), line("Weight", "0"))
		for _, member := range d.members[id] {
			if filter != "" && !member.is(filter) {
				continue
			}
			out.itemIDLast("QueueMember", append(block{
				line("Queue", id), line("Name", member.label()), line("Location", member.device()),
				line("StateInterface", member.stateDevice()),
			}, d.memberFigures(id, member)...)...)
		}
		for i, l := range d.waiting[id] {
			out.itemIDLast("QueueEntry", l.waits(i+1, now)...)
		}
	}
	out.complete("QueueStatusComplete")
}

// waits shows a caller in the line.
func (l *live) waits(position int, now time.Time) block {
	return block{
		line("Queue", l.call.Queue), number("Position", position), line("Channel", l.caller.name),
		line("Uniqueid", l.caller.uniqueid), line("CallerIDNum", cmp.Or(l.caller.callerNum, "unknown")),
		line("CallerIDName", "unknown"), line("ConnectedLineNum", "unknown"), line("ConnectedLineName", "unknown"),
		number("Wait", seconds(now.Sub(l.call.Arrived))), line("Priority", "0"),
	}
}

func doQueueSummary(c *session, m message, out *answer) {
	s, d, now := c.server, c.server.desk, c.server.world.Now()
	ids := s.queuesOf(m.get("Queue"))
	d.mu.Lock()
	defer d.mu.Unlock()
	out.listFollows("Queue summary will follow")
	for _, id := range ids {
		loggedIn, available, longest := 0, 0, int64(0)
		for _, member := range d.members[id] {
			status := d.status(member)
			loggedIn += bit(status != deviceUnavailable && status != deviceInvalid)
			available += bit(status == deviceNotInUse && !member.Paused)
		}
		for _, l := range d.waiting[id] {
			longest = max(longest, seconds(now.Sub(l.call.Arrived)))
		}
		f := d.figuresOf(id)
		out.itemIDLast("QueueSummary",
			line("Queue", id), number("LoggedIn", loggedIn), number("Available", available),
			number("Callers", len(d.waiting[id])), number("HoldTime", seconds(f.hold)),
			number("TalkTime", seconds(f.talk)), number("LongestHoldTime", longest))
	}
	out.complete("QueueSummaryComplete")
}
