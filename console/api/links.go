package api

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/dualtone/dualtone/access"
)

func (a *API) links() {
	read(a, get("list-links", "/links", access.LinkShare, "Shared links that you made; those of all for whoever manages accounts"), a.listLinks)
	share := post("share-link", "/links", access.LinkShare, "Let somebody without an account read one page; the address is told once").storedAtOnce()
	share.status = http.StatusCreated
	write(a, share, a.shareLink)
	write(a, operation{
		id: "revoke-link", method: http.MethodDelete, path: "/links/{link}", action: access.LinkShare, summary: "End a link, at once", atOnce: true,
	}, a.revokeLink)
}

type linkList struct {
	Paging

	By string `query:"by" maxLength:"200" doc:"Only what this person made, for whoever manages accounts"`
}

func (a *API) listLinks(ctx context.Context, in *linkList) (*Page[access.Link], error) {
	who, _ := access.From(ctx)
	found, err := a.Office.Shared(ctx, who, in.By, in.After, in.more())
	return paged("/links", in.Paging, found, err, func(l access.Link) string { return l.ID })
}

// NewLink is a link that is asked for.
type NewLink struct {
	Why

	Path   string `json:"path" maxLength:"300" doc:"A plan's page, /reports/traffic, or one of /reports/cost/"`
	Pinned string `json:"pinned,omitempty" maxLength:"2000" doc:"Its filters, as the page's address has them behind the question mark"`
	Reader string `json:"reader" minLength:"1" maxLength:"200" doc:"For whom it is"`
	Days   int    `json:"days,omitempty" minimum:"1" maximum:"90" default:"30" doc:"How many days it holds"`
	DryRun bool   `json:"dry_run,omitempty" doc:"Check it, and make nothing"`
}

// linkDays are how many days a link holds of which nothing else is said.
const linkDays = 30

type newLink struct{ Body NewLink }

func (o *newLink) asked() (string, Why) { return "link" + o.Body.Path, o.Body.Why }

// Shared is a link with its address.
type Shared struct {
	access.Link

	Address string `json:"address,omitempty" doc:"Where it is read; without a host where the settings do not say at which the console is found"`
}

func (a *API) shareLink(ctx context.Context, in *newLink, _ access.Role) (*body[Shared], error) {
	who, _ := access.From(ctx)
	return bodyOf(Share(ctx, a.Office, who, in.Body, a.URL))
}

// Share makes the link that somebody asks for, to where browsers find the console.
func Share(ctx context.Context, office *access.Office, who access.Actor, n NewLink, console string) (Shared, error) {
	l, lasts := access.Link{Path: n.Path, Pinned: n.Pinned, Reader: strings.TrimSpace(n.Reader)}, time.Duration(cmp.Or(n.Days, linkDays))*24*time.Hour
	if n.DryRun {
		would, _, err := access.NewLink(who, l, lasts, office.Now())
		would.ID = "" // it is kept nowhere
		return Shared{Link: would}, err
	}
	made, key, err := office.Share(ctx, who, l, lasts)
	return Shared{Link: made, Address: strings.TrimSuffix(console, "/") + "/shared/" + key + made.Path}, err
}

type oneLink struct {
	Ending

	Link string `path:"link" maxLength:"40"`
}

func (o *oneLink) asked() (string, Why) { return "link/" + o.Link, Why{Reason: o.Reason} }

func (a *API) revokeLink(ctx context.Context, in *oneLink, _ access.Role) (*struct{}, error) {
	who, _ := access.From(ctx)
	end := a.Office.Unshare
	if in.DryRun {
		end = a.Office.Unsharable
	}
	_, err := end(ctx, who, in.Link)
	return nil, err
}
