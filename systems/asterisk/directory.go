package asterisk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

type directory struct {
	*client

	people *regexp.Regexp
}

// Users lists the PJSIP endpoints that are people's extensions.
func (d directory) Users(ctx context.Context) iter.Seq2[dualtone.User, error] {
	return func(yield func(dualtone.User, error) bool) {
		answer, err := d.ask(ctx, "PJSIPShowEndpoints", nil)
		if err != nil && !noEndpoints(err) {
			yield(dualtone.User{}, err)
			return
		}
		names, err := d.names(ctx)
		if err != nil {
			yield(dualtone.User{}, err)
			return
		}
		for _, m := range answer {
			id := m.get("ObjectName")
			if !m.isEvent("EndpointList") || !d.people.MatchString(id) {
				continue
			}
			user, err := d.named(ctx, id, names)
			if errors.Is(err, dualtone.ErrNotFound) {
				continue
			}
			if !yield(user, err) || err != nil {
				return
			}
		}
	}
}

// noEndpoints recognizes the error that Asterisk answers instead of an empty list.
func noEndpoints(err error) bool {
	refused, ok := errors.AsType[*refusedError](err)
	return ok && strings.Contains(refused.message, "No endpoints found")
}

// User returns one extension.
func (d directory) User(ctx context.Context, user dualtone.UserID) (dualtone.User, error) {
	detail, err := d.endpoint(ctx, user)
	if err != nil {
		return dualtone.User{}, err
	}
	if !d.FreePBX {
		return person(string(user), callerName(detail.get("Callerid"))), nil
	}
	name, err := d.value(ctx, "AMPUSER", string(user)+"/cidname")
	if err != nil && !errors.Is(err, dualtone.ErrNotFound) {
		return dualtone.User{}, err
	}
	return person(string(user), name), nil
}

// endpoint returns what Asterisk has configured for a person's extension.
func (d directory) endpoint(ctx context.Context, user dualtone.UserID) (message, error) {
	if !d.people.MatchString(string(user)) {
		return nil, fmt.Errorf("asterisk: %q is no extension of a person: %w", user, dualtone.ErrNotFound)
	}
	return systems.Once(ctx, endpointOf{d.client, user}, func(ctx context.Context) (message, error) {
		answer, err := d.ask(ctx, "PJSIPShowEndpoint", message{{"Endpoint", string(user)}})
		if err != nil {
			return nil, fmt.Errorf("endpoint %q: %w", user, err)
		}
		for _, m := range answer {
			if m.isEvent("EndpointDetail") {
				return m, nil
			}
		}
		return nil, fmt.Errorf("asterisk: endpoint %q: %w", user, dualtone.ErrNotFound)
	})
}

// endpointOf is the question for one endpoint.
type endpointOf struct {
	client *client
	user   dualtone.UserID
}

// names returns the names that FreePBX keeps in AstDB, all in one answer; nil
// on a plain Asterisk, where each endpoint's caller id has the name.
func (d directory) names(ctx context.Context) (map[string]string, error) {
	if !d.FreePBX {
		return nil, nil //nolint:nilnil // No names is what a plain Asterisk has.
	}
	answer, err := d.ask(ctx, "DBGetTree", message{{"Family", "AMPUSER"}})
	if err != nil && !errors.Is(err, dualtone.ErrNotFound) {
		return nil, err
	}
	names := map[string]string{}
	for _, m := range answer {
		key, ok := strings.CutSuffix(m.get("Key"), "/cidname")
		if id, family := strings.CutPrefix(key, "/AMPUSER/"); ok && family {
			names[id] = m.get("Val")
		}
	}
	return names, nil
}

func (d directory) named(ctx context.Context, id string, names map[string]string) (dualtone.User, error) {
	if names != nil {
		return person(id, names[id]), nil
	}
	return d.User(ctx, dualtone.UserID(id))
}

func person(extension, name string) dualtone.User {
	return dualtone.User{ID: dualtone.UserID(extension), Name: name, Extension: extension, Active: true}
}

// callerName returns the name in a caller id such as "Ann Agent" <1001>.
func callerName(callerID string) string {
	name, _, _ := strings.Cut(callerID, "<")
	return strings.Trim(strings.TrimSpace(name), `"`)
}
