package pages

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/report/press"
)

func (d *Desk) registerLinks(t *console.Router) {
	t.Write("GET /admin/links", access.LinkShare, d.show("Shared links", "/admin", d.links))
	t.Write("POST /admin/links", access.LinkShare, d.act("/admin", d.shareLink))
	t.Write("POST /admin/links/{link}/revoke", access.LinkShare, d.act("/admin", d.revokeLink))
	t.Open("GET /shared/{key}/{page...}", http.HandlerFunc(d.shared))
}

// shareButton makes a link to a page, with the filters as they are.
func shareButton(v Viewer, path string, pinned url.Values) button {
	kept := url.Values{}
	maps.Copy(kept, pinned)
	for _, name := range readersOwn() {
		kept.Del(name)
	}
	b := button{
		id: "share", text: "Share", to: "/admin/links", reason: true,
		effect: "Makes an address at which 1 page is read without an account: this one, with its filters as they are, and without a button. Every use is recorded.",
		hidden: []hidden{{"path", path}, {"pinned", kept.Encode()}},
		fields: []field{
			{name: "reader", label: "For whom", required: true},
			{name: "days", label: "Days until it ends, 90 at most", typed: "number", value: "30", required: true},
		},
	}
	if b.refused = v.refusal(access.LinkShare); b.refused == "" {
		if action, ok := access.Shareable(path); ok {
			b.refused = v.refusal(action)
		}
	}
	return b
}

// shareLink makes a link and tells its address, which nobody can be told again.
func (d *Desk) shareLink(r *http.Request, p page) (templ.Component, error) {
	path := r.PostFormValue("path")
	r, _, err := d.enter(r, access.LinkShare, "link"+path)
	if err != nil {
		return nil, err
	}
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil {
		return nil, fmt.Errorf("days %q: want a whole number: %w", r.PostFormValue("days"), dualtone.ErrInvalid)
	}
	l, key, err := d.Office.Share(r.Context(), p.viewer.Actor, access.Link{
		Path: path, Pinned: r.PostFormValue("pinned"), Reader: strings.TrimSpace(r.PostFormValue("reader")),
	}, time.Duration(days)*24*time.Hour)
	if err != nil {
		return nil, err
	}
	address := d.base(r) + "/shared/" + key + path
	if !byScript(r) {
		p.title = "Shared link"
		return addressPage(p, l, address), nil
	}
	return addressOf(l, address), nil
}

// base is where browsers find the console.
func (d *Desk) base(r *http.Request) string {
	switch {
	case d.URL != "":
		return strings.TrimSuffix(d.URL, "/")
	case console.Secure(r.Context()):
		return "https://" + r.Host
	default:
		return "http://" + r.Host
	}
}

// shownLink is a link as a list shows it.
type shownLink struct {
	access.Link

	valid  bool
	revoke button
}

// links lists the links that the viewer made, or those of all for an administrator.
func (d *Desk) links(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	by := p.viewer.Name
	if p.viewer.May(access.AccountManage) {
		by = q.text("by")
	}
	found, err := d.Office.Links.Links(r.Context(), by, q.text("after"), perPage+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(q, found, perPage, func(l access.Link) string { return l.ID })
	shown := make([]shownLink, len(found))
	for i, l := range found {
		shown[i] = shownLink{Link: l, valid: l.Valid(d.Now()), revoke: button{
			id: "revoke-" + l.ID, text: "Revoke", class: "danger", to: "/admin/links/" + l.ID + "/revoke", reason: true,
			effect: fmt.Sprintf("%s reads %s no more, at once. It was read %d times.", l.Reader, l.Path, l.Uses),
		}}
	}
	return linksPage(p, q, shown, next), nil
}

func (d *Desk) revokeLink(r *http.Request, p page) (templ.Component, error) {
	r, _, err := d.enter(r, access.LinkShare, "link/"+r.PathValue("link"))
	if err != nil {
		return nil, err
	}
	l, err := d.Office.Unshare(r.Context(), p.viewer.Actor, r.PathValue("link"))
	if err != nil {
		return nil, err
	}
	return nil, done303("/admin/links", "The link of "+l.Reader+" is of no use any more.")
}

type readerKey struct{}

// readersOwn are the filters that a reader may set: how a page is laid out and how
// far it is turned, and never what it is about.
func readersOwn() []string { return []string{"after", "row", "stage", "state", "by", "days", "table"} }

// deadLinkError is why an address shows nothing to whoever follows it, and what they
// do about it: they have no account, so no other page is named.
type deadLinkError struct{ what, next string }

// Error says what became of the link.
func (e *deadLinkError) Error() string { return e.what }

// Next says what to do about it.
func (e *deadLinkError) Next() string { return e.next }

// Unwrap makes it something that is not there.
func (*deadLinkError) Unwrap() error { return dualtone.ErrNotFound }

// whyDead is why a link shows nothing by a key; nil if it shows its page. Only whoever
// has the whole key is told what the link was.
func whyDead(l access.Link, key string, now time.Time) error {
	was := fmt.Sprintf("This link let %s read %s. ", l.Reader, l.Path)
	anew := "Ask " + l.By + ", who shared it, for a new one."
	switch {
	case !l.Is(key):
		return &deadLinkError{
			"There is no shared link at this address.",
			"Part of it may have been lost on the way: open it from the message that it came in, or ask whoever sent it for a new one.",
		}
	case !l.Revoked.IsZero():
		return &deadLinkError{was + "It was revoked on " + dayText(l.Revoked) + ".", anew}
	case !l.Valid(now):
		return &deadLinkError{was + "It expired on " + dayText(l.Expires) + ".", anew}
	default:
		return nil
	}
}

// dayText is a time as a sentence names it.
func dayText(t time.Time) string { return t.UTC().Format("2 January 2006 15:04 MST") }

// shared serves a page to whoever has its address.
func (d *Desk) shared(w http.ResponseWriter, r *http.Request) {
	r, l, err := d.reader(r)
	if err != nil {
		d.fail(w, r, page{viewer: viewer(r)}, err)
		return
	}
	h, counts, ok := d.sharedPage(r, l)
	if !ok {
		d.fail(w, r, page{viewer: viewer(r)}, fmt.Errorf("page /%s is not what the link is for: %w", r.PathValue("page"), dualtone.ErrNotFound))
		return
	}
	if counts {
		cause, _ := audit.CauseOf(r.Context()) //nolint:contextcheck // reader made the request from the one that came
		use := access.LinkUse{Link: l.ID, At: d.Now(), What: "/" + r.PathValue("page"), From: cause.Via}
		if err := d.Office.Links.LinkUsed(r.Context(), use); err != nil { //nolint:contextcheck // as above
			d.fail(w, r, page{viewer: viewer(r)}, err)
			return
		}
	}
	w.Header().Set("X-Robots-Tag", "noindex, nofollow")
	h.ServeHTTP(w, r)
}

// reader finds out by which link somebody reads, and holds them to it.
func (d *Desk) reader(r *http.Request) (*http.Request, access.Link, error) {
	key := r.PathValue("key")
	l, err := d.Office.Links.Link(r.Context(), access.LinkID(key))
	if err != nil && !errors.Is(err, dualtone.ErrNotFound) {
		return r, l, err
	}
	if err := whyDead(l, key, d.Now()); err != nil {
		// Whoever is signed in and follows an old link is no reader of it either.
		return r.WithContext(context.WithValue(r.Context(), readerKey{}, Viewer{ReadOnly: true})), l, err
	}
	v := Viewer{ReadOnly: true, Under: "/shared/" + key, Reader: l.Reader, Until: l.Expires, SharedBy: l.By}
	held := r.Clone(context.WithValue(r.Context(), readerKey{}, v))
	values, _ := url.ParseQuery(l.Pinned) // it was written by Encode
	for _, name := range readersOwn() {
		if given, ok := r.URL.Query()[name]; ok {
			values[name] = given
		}
	}
	held.URL.RawQuery = values.Encode()
	held.Form = nil
	return held, l, nil
}

// sharedPage is what a link shows at an address below it, and whether looking at it
// is a use by itself: the pieces of a page belong to the page.
func (d *Desk) sharedPage(r *http.Request, l access.Link) (h http.Handler, counts, ok bool) {
	asked := "/" + r.PathValue("page")
	name := l.Path[strings.LastIndexByte(l.Path, '/')+1:]
	below, within := strings.CutPrefix(asked, l.Path)
	switch {
	case strings.HasPrefix(l.Path, "/plans/"):
		r.SetPathValue("plan", name)
		switch {
		case asked == l.Path:
			return d.show("Plan", "/plans", d.plan), true, true
		case within && below == "/live":
			return d.follow("/plans", d.planLive), false, true
		case within && below == "/outcome":
			return d.show("Outcome", "/plans", d.outcome), false, true
		}
	case l.Path == "/reports/traffic":
		if asked == l.Path {
			return d.show("Traffic", "/reports", d.traffic), true, true
		}
		if format, dot := strings.CutPrefix(below, "."); within && dot && slices.Contains(trafficFormats(), format) {
			return d.download("/reports", d.trafficFile(format)), true, true
		}
	default:
		r.SetPathValue("report", name)
		if asked == l.Path {
			return d.show("Costs", "/reports", d.costs), true, true
		}
		if chart, ok := strings.CutPrefix(asked, "/reports/chart/"+name+"/"); ok {
			r.SetPathValue("chart", chart)
			return d.download("/reports", d.costsChart), false, true
		}
		if format := strings.TrimPrefix(below, "/"); within && slices.Contains(press.Formats(), press.Format(format)) {
			r.SetPathValue("format", format)
			return d.download("/reports", d.costsFile), true, true
		}
	}
	return nil, false, false
}
