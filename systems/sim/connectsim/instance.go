package connectsim

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
)

// instance is all that the simulated instance holds beside the world.
type instance struct {
	users      *shelf[*user]
	byUsername map[string]string
	// serving holds the users of each routing profile.
	serving map[string]map[string]bool

	queues     *shelf[*queue]
	profiles   *shelf[*profile]
	security   *shelf[*securityProfile]
	hours      *shelf[*named]
	flows      *shelf[*flow]
	numbers    *shelf[*number]
	quick      *shelf[*quickConnect]
	statuses   *shelf[*agentStatus]
	ended      []endedContact
	newProfile string
	newRights  string
}

// user is an agent's account; whether they are signed in and away is the
// world's to say.
type user struct {
	id, username, first, last, email, mobile string
	security                                 []string
	profile                                  string
	phone                                    phoneConfig
	directory, hierarchy                     string
	tags                                     map[string]string
	changed                                  time.Time
	// status is what the agent set, next what takes its place after the contact.
	status, next string
	since        time.Time
}

type phoneConfig struct {
	PhoneType                 string `json:"PhoneType,omitempty"`
	AutoAccept                bool   `json:"AutoAccept"`
	AfterContactWorkTimeLimit int    `json:"AfterContactWorkTimeLimit"`
	DeskPhoneNumber           string `json:"DeskPhoneNumber,omitempty"`
	PersistentConnection      bool   `json:"PersistentConnection"`
}

type named struct {
	id, name string
	changed  time.Time
}

type queue struct {
	named

	hours string
}

// queueConfig is a queue's place in a routing profile.
type queueConfig struct {
	QueueReference queueReference
	Priority       int
	Delay          int
}

type queueReference struct {
	QueueId string //nolint:revive,staticcheck // The wire's name.
	Channel string
}

type profile struct {
	named

	description, outbound string
	channels              []channelLimit
	queues                []queueConfig
}

type channelLimit struct {
	Channel     string
	Concurrency int
}

type securityProfile struct {
	named

	// ccp says that it lets an agent open the Contact Control Panel.
	ccp bool
}

type flow struct {
	named

	kind string
	// queue or user is where the flow takes a caller.
	queue, user string
}

type number struct {
	id, number, country, kind, description string
	flow                                   string
}

type quickConnect struct {
	named

	kind string
}

type agentStatus struct {
	named

	kind string
}

func newInstance() *instance {
	return &instance{
		users: newShelf[*user](), byUsername: map[string]string{}, serving: map[string]map[string]bool{},
		queues: newShelf[*queue](), profiles: newShelf[*profile](), security: newShelf[*securityProfile](),
		hours: newShelf[*named](), flows: newShelf[*flow](), numbers: newShelf[*number](),
		quick: newShelf[*quickConnect](), statuses: newShelf[*agentStatus](),
	}
}

// idFor makes the id of a thing from its name, so that a demo started twice has
// the same ids.
func (s *Server) idFor(kind, name string) string {
	h := sha256.Sum256([]byte(strings.Join([]string{s.opts.InstanceID, kind, name}, "\x00")))
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

func (s *Server) label(kind, name string) named {
	return named{id: s.idFor(kind, name), name: name, changed: s.world.Now()}
}

// epoch is a time as the service writes it: seconds, with a fraction.
func epoch(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return float64(t.UnixMilli()) / 1000
}

// without leaves out what has no value.
func without(o object) object {
	for name, v := range o {
		if v == nil || v == "" {
			delete(o, name)
		}
	}
	return o
}
