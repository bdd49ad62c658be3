package wire

import (
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Hidden stands where a secret stood.
const Hidden = "[hidden]"

// shortest is the length below which a word is too common to be hidden wherever
// it stands.
const shortest = 4

// Secrets are words that must not be shown. A nil one hides nothing. It is safe
// for concurrent use.
type Secrets struct {
	mu    sync.RWMutex
	words []string
}

// NewSecrets returns secrets that hide the words.
func NewSecrets(words ...string) *Secrets {
	s := &Secrets{}
	s.Add(words...)
	return s
}

// Add hides more words, as they are and as they stand in a URL.
func (s *Secrets) Add(words ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, word := range words {
		for _, form := range []string{word, url.QueryEscape(word), url.PathEscape(word)} {
			if len(form) >= shortest && !slices.Contains(s.words, form) {
				s.words = append(s.words, form)
			}
		}
	}
	// The longest first, so that no part of one shows beside a shorter one.
	slices.SortFunc(s.words, func(a, b string) int { return len(b) - len(a) })
}

// Hide returns the text without the secrets.
func (s *Secrets) Hide(text string) string {
	if s == nil {
		return text
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, word := range s.words {
		text = strings.ReplaceAll(text, word, Hidden)
	}
	return text
}

// Attr hides the secrets in a log attribute; it fits slog.HandlerOptions.
func (s *Secrets) Attr(_ []string, attr slog.Attr) slog.Attr {
	switch attr.Value.Kind() {
	case slog.KindString:
		attr.Value = slog.StringValue(s.Hide(attr.Value.String()))
	case slog.KindAny:
		if err, ok := attr.Value.Any().(error); ok {
			attr.Value = slog.StringValue(s.Hide(err.Error()))
		}
	default: // Numbers, times and groups hold no secret of ours.
	}
	return attr
}
