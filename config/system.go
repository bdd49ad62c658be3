package config

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone/internal/placed"
	"github.com/dualtone/dualtone/systems"
)

func (s *System) decode(d *decoder, key string, n *placed.Node) {
	if n.Shape != placed.Mapping {
		d.problem(n, key, fmt.Sprintf("want a mapping with a kind, got %s", n.Shape), "")
		return
	}
	s.key = key
	s.Name = key[len("systems."):]
	s.settings, s.source = without(without(n, "kind"), "simulator"), d.source
	if kind := get(n, "kind"); kind != nil {
		d.text(key+".kind", kind, reflect.ValueOf(&s.Kind).Elem())
	}
	if simulator := get(n, "simulator"); simulator != nil {
		d.text(key+".simulator", simulator, reflect.ValueOf(&s.Simulator).Elem())
	}
}

// Decode fills a connector's settings, secrets resolved. Unknown keys, values of
// the wrong kind and secrets that are written out are all reported together.
//
// A secret is a text field tagged dualtone:"secret", or one whose key ends in
// password, passphrase, secret, token, private_key, api_key and the like; a tag
// dualtone:"open" takes a field out of that. It is given as env:NAME or
// file:/path.
func (s *System) Decode(secrets *Secrets) systems.Decode {
	return func(into any) error { return s.decodeInto(into, secrets).err() }
}

func (s *System) decodeInto(into any, secrets *Secrets) problems {
	d := decoder{source: s.source, secrets: secrets}
	if s.settings != nil {
		d.value(s.key, s.settings, reflect.ValueOf(into).Elem())
	}
	return d.problems
}

// check opens the system as far as its settings go. Connectors decode before
// they do anything else, and connect when they are first asked something.
func (s *System) check(spec systems.Spec, secrets *Secrets) problems {
	var found problems
	decode := func(into any) error {
		found = s.decodeInto(into, secrets)
		return found.err()
	}
	deps := systems.Deps{
		Log:       slog.New(slog.DiscardHandler),
		Transport: closedTransport{},
		Pace:      func(context.Context, string) error { return errOffline },
		Now:       time.Now,
	}
	err := open(spec, s.Name, decode, deps)
	if err != nil && len(found) == 0 && !errors.Is(err, errOffline) {
		found = append(found, place{s.source, s.settings.At}.problem(s.key, err.Error(), ""))
	}
	return found
}

func open(spec systems.Spec, name string, decode systems.Decode, deps systems.Deps) error {
	if spec.OpenCRM != nil {
		crm, err := spec.OpenCRM(context.Background(), name, decode, deps)
		if err != nil {
			return fmt.Errorf("settings: %w", err)
		}
		return crm.Close()
	}
	platform, err := spec.OpenPlatform(context.Background(), name, decode, deps)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	return platform.Close()
}

var errOffline = errors.New("settings are checked without asking the system")

// closedTransport keeps a check of settings off the network.
type closedTransport struct{}

// RoundTrip refuses.
func (closedTransport) RoundTrip(*http.Request) (*http.Response, error) { return nil, errOffline }

func sortedKeys(m reflect.Value) []reflect.Value {
	return slices.SortedFunc(slices.Values(m.MapKeys()), func(a, b reflect.Value) int {
		return strings.Compare(a.String(), b.String())
	})
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, k := range keys(m) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
