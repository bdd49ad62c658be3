package asterisk

import (
	"context"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// forwardOf and offeringOf are the questions for one user's forward and queues.
type (
	forwardOf struct {
		client *client
		user   dualtone.UserID
	}
	offeringOf struct {
		client *client
		user   dualtone.UserID
	}
)

// fewUsers is up to how many users are asked for one by one.
const fewUsers = 5

// surveyor reads everybody with three requests, or two more for each of few.
type surveyor struct{ directory }

// Survey reads which endpoints there are, all forwards and all members of queues.
// On FreePBX a forward is told together with its lamp, which can only be asked for
// alone; there forwards are not read ahead.
func (s surveyor) Survey(ctx context.Context, count int) (systems.Ahead, error) {
	if count <= fewUsers {
		return func(context.Context, []dualtone.UserID) error { return nil }, nil
	}
	offerings, err := s.offerings(ctx)
	if err != nil {
		return nil, err
	}
	var forwards map[dualtone.UserID]string
	if !s.FreePBX {
		if forwards, err = s.forwards(ctx); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, users []dualtone.UserID) error {
		for _, user := range users {
			offering, ok := offerings[user]
			if !ok {
				continue // there is no such endpoint, or it is no person's
			}
			systems.Know(ctx, offeringOf{s.client, user}, offering.Sorted())
			if forwards != nil {
				systems.Know(ctx, forwardOf{s.client, user}, dualtone.Forward{To: forwards[user]})
			}
		}
		return nil
	}, nil
}

// offerings are the queues of every endpoint that is a person's.
func (s surveyor) offerings(ctx context.Context) (map[dualtone.UserID]dualtone.Offering, error) {
	answer, err := s.ask(ctx, "PJSIPShowEndpoints", nil)
	if err != nil && !noEndpoints(err) {
		return nil, err
	}
	all := map[dualtone.UserID]dualtone.Offering{}
	for _, m := range answer {
		if id := m.get("ObjectName"); m.isEvent("EndpointList") && s.people.MatchString(id) {
			all[dualtone.UserID(id)] = dualtone.Offering{}
		}
	}
	if answer, err = s.ask(ctx, "QueueStatus", nil); err != nil {
		return nil, err
	}
	for _, m := range answer {
		user := dualtone.UserID(extensionOf(m.get("Location")))
		if offering, ok := all[user]; ok && m.isEvent("QueueMember") {
			offering.Memberships = append(offering.Memberships, membership(m))
			all[user] = offering
		}
	}
	return all, nil
}

// forwards are the forwards of everybody who has one.
func (s surveyor) forwards(ctx context.Context) (map[dualtone.UserID]string, error) {
	answer, err := s.ask(ctx, "DBGetTree", message{{"Family", allCalls}})
	if err != nil {
		return nil, err
	}
	all := map[dualtone.UserID]string{}
	for _, m := range answer {
		if user, ok := strings.CutPrefix(m.get("Key"), "/"+allCalls+"/"); ok && m.isEvent("DBGetTreeResponse") {
			all[dualtone.UserID(user)] = m.get("Val")
		}
	}
	return all, nil
}
