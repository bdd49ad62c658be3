package pages

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Viewer is who looks at a page, and gives its orders.
type Viewer struct {
	access.Actor

	// ReadOnly shows pages without anything that changes something: a manager's
	// link. Under keeps that link in every address.
	ReadOnly bool
	Under    string
	// Reader is for whom that link was made, by SharedBy and until when.
	Reader, SharedBy string
	Until            time.Time
	// CanLeave says that there is a session to end.
	CanLeave bool
}

func (v Viewer) link(path string) string { return v.Under + path }

func (v Viewer) said() string { return "signed in as " + rolesText(v.Roles) }

// refusal says why the viewer may not do something; empty if they may.
func (v Viewer) refusal(a access.Action) string {
	if v.May(a) {
		return ""
	}
	return "needs the role of " + rolesText(access.Who(a))
}

func rolesText(all []access.Role) string {
	var names []string
	for _, r := range all {
		if r != access.System {
			names = append(names, words(string(r)))
		}
	}
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, " or ")
}

// page is what the frame shows around any content.
type page struct {
	title   string
	section string
	viewer  Viewer
	// told is what the last order came to.
	told string
	// names are put in the place of ids that nobody knows by heart.
	names *strings.Replacer
	// broken are the glasses that somebody has broken and that hold now.
	broken []access.Grant
}

// value writes what stands somewhere, with names for ids where they are known.
func (p page) value(v cutover.Value) string {
	return p.named(v.Text())
}

func (p page) named(text string) string {
	if p.names == nil {
		return text
	}
	return p.names.Replace(text)
}

func (p page) valueOr(v *cutover.Value) string {
	if v == nil {
		return "—"
	}
	return p.value(*v)
}

// problem is an error as a person reads it.
type problem struct {
	status            int
	title, what, next string
}

// problemOf tells an error. What went wrong inside the program is for its log,
// not for the browser.
func problemOf(err error) problem {
	p := problem{status: console.StatusOf(err), title: "Something went wrong", what: console.ProblemOf(err).Detail}
	if _, refused := errors.AsType[*rollout.RefusalError](err); refused {
		return problem{status: http.StatusConflict, title: "Not taken", what: dualtone.Said(err)}
	}
	switch p.status {
	case http.StatusForbidden:
		p.title, p.next = "Not yours to do", "Ask somebody who may, or an administrator where you lack the role."
	case http.StatusNotFound:
		p.title, p.next = "Not found", "It may have been renamed, or never was there; the lists show what there is."
	case http.StatusUnprocessableEntity:
		p.title = "Not understood"
	case http.StatusRequestEntityTooLarge:
		p.title, p.next = "Too large", "Nothing was changed. Send it in smaller parts."
	case http.StatusConflict:
		p.title, p.next = "Not now", "Look at how it stands, and try again once nothing speaks against it."
	case http.StatusServiceUnavailable:
		p.title, p.next = "Out of reach", "Nothing was changed. Try again in a moment."
	case http.StatusInternalServerError:
		p.what, p.next = "dualtone could not answer; its log says why.", "Nothing that you asked for was done."
		return p
	}
	if _, dead := errors.AsType[*deadLinkError](err); dead {
		p.title = "This link shows nothing"
	}
	p.next = cmp.Or(dualtone.Next(err), p.next)
	return p
}

// handler answers a request with a page, or an error that becomes one.
type handler func(r *http.Request, p page) (templ.Component, error)

// redirect is an answer that leads elsewhere.
type redirect struct{ to, told string }

func (r redirect) Error() string { return "see " + r.to }

// show serves a page.
func (d *Desk) show(title, section string, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := page{title: title, section: section, viewer: viewer(r), told: d.told(w, r), names: d.named}
		p.broken = d.broken(r, p.viewer)
		content, err := h(r, p)
		var elsewhere redirect
		switch {
		case errors.As(err, &elsewhere):
			http.Redirect(w, r, p.viewer.link(elsewhere.to), http.StatusSeeOther)
		case err != nil:
			d.fail(w, r, p, err)
		default:
			d.write(r.Context(), w, http.StatusOK, content)
		}
	})
}

// broken are the glasses that hold now: every page says so to everybody who is
// signed in. One that cannot be read keeps nobody from the page.
func (d *Desk) broken(r *http.Request, v Viewer) []access.Grant {
	if v.Name == "" || v.ReadOnly || byScript(r) {
		return nil
	}
	found, err := d.Office.Grants.Granted(r.Context(), "", d.Now())
	if err != nil {
		d.Log.WarnContext(r.Context(), "who broke the glass cannot be told", "error", err)
	}
	return found
}

// enter lets whoever asks through to something that changes something, and has the
// audit note it. The role is the one in which they do it: the one that
// they chose, where they hold several that may.
func (d *Desk) enter(r *http.Request, action access.Action, object string) (*http.Request, access.Role, error) {
	return d.router.Enter(r, access.Ask{Action: action, As: access.Role(r.FormValue("as")), Object: object, Reason: strings.TrimSpace(r.FormValue("reason"))})
}

// file is an answer that a browser keeps as a file.
type file struct {
	name, kind string // without a name it is shown, not kept
	// policy is what a shown file may load, where that is more than a page may.
	policy string
	write  func(io.Writer) error
}

const csvKind = "text/csv; charset=utf-8"

// download serves a file.
func (d *Desk) download(section string, h func(*http.Request) (file, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := h(r)
		if err != nil {
			d.fail(w, r, page{viewer: viewer(r), section: section}, err)
			return
		}
		w.Header().Set("Content-Type", f.kind)
		if f.name != "" {
			w.Header().Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
		}
		if f.policy != "" {
			w.Header().Set("Content-Security-Policy", f.policy)
		}
		w.Header().Set("Cache-Control", "no-store")
		if err := f.write(w); err != nil {
			d.Log.WarnContext(r.Context(), "file not sent whole", "file", f.name, "error", err)
		}
	})
}

// byScript reports whether the script of a page asks, which puts the answer into a
// place of that page.
func byScript(r *http.Request) bool { return r.Header.Get("Hx-Request") == "true" }

func (d *Desk) fail(w http.ResponseWriter, r *http.Request, p page, err error) {
	t := problemOf(err)
	if (t.status == http.StatusInternalServerError || t.status == http.StatusServiceUnavailable) && !errors.Is(err, context.Canceled) {
		d.Log.ErrorContext(r.Context(), "page", "request", console.RequestID(r.Context()), "route", r.Pattern, "error", err)
	}
	if byScript(r) { // for a place within a page
		d.write(r.Context(), w, t.status, refusal(t))
		return
	}
	p.title = t.title
	d.write(r.Context(), w, t.status, trouble(p, t))
}

func (d *Desk) write(ctx context.Context, w http.ResponseWriter, status int, c templ.Component) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := c.Render(ctx, w); err != nil && ctx.Err() == nil {
		d.Log.WarnContext(ctx, "page not sent whole", "error", err)
	}
}
