package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/dualtone/dualtone"
)

const userQuery = "SELECT Id, Username, Name, Email, FederationIdentifier, Extension, Phone, IsActive, CallCenterId FROM User"

// errStopped ends a query whose reader wants no more.
var errStopped = errors.New("stopped")

// Users lists all users of the org, those of portals and integrations included.
func (o *org) Users(ctx context.Context) iter.Seq2[dualtone.User, error] {
	return list(ctx, o.client, userQuery+" ORDER BY Id", userRecord.user)
}

// User reads one user.
func (o *org) User(ctx context.Context, user dualtone.UserID) (dualtone.User, error) {
	if !isID(string(user), "005") {
		return dualtone.User{}, o.noUser(user)
	}
	pages, err := o.queries(ctx, userQuery+" WHERE Id = "+quote(string(user)))
	if err != nil {
		return dualtone.User{}, err
	}
	found, err := all[userRecord](ctx, o.client, pages[0])
	if err != nil {
		return dualtone.User{}, err
	}
	if len(found) == 0 {
		return dualtone.User{}, o.noUser(user)
	}
	return found[0].user(), nil
}

func (o *org) noUser(user dualtone.UserID) error {
	return fmt.Errorf("%s: user %q: %w", o.name, user, dualtone.ErrNotFound)
}

func (r userRecord) user() dualtone.User {
	u := dualtone.User{
		ID: dualtone.UserID(r.ID), Login: r.Username, Name: r.Name, Email: r.Email,
		FederationID: r.FederationIdentifier, Extension: r.Extension, Active: r.IsActive,
		CallCenter: dualtone.CallCenterID(r.CallCenterID),
	}
	if r.Phone != "" {
		u.Numbers = []dualtone.Number{number(r.Phone)}
	}
	return u
}

// number takes the punctuation out of a number in international form. Any other
// stays as somebody typed it: which country it is from is not known here.
func number(text string) dualtone.Number {
	var digits strings.Builder
	for i, r := range strings.TrimSpace(text) {
		switch {
		case r == '+' && i == 0:
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case strings.ContainsRune(" -./()\u00a0", r) && i > 0:
		default:
			return dualtone.Number(text)
		}
	}
	e164 := digits.String()
	// A zero in parentheses is dialed within the country only.
	if !strings.HasPrefix(strings.TrimSpace(text), "+") || len(e164) < 7 || len(e164) > 15 ||
		e164[0] == '0' || strings.Contains(text, "(0)") {
		return dualtone.Number(text)
	}
	return dualtone.Number("+" + e164)
}

// list streams the records of a query, page by page.
func list[R, T any](ctx context.Context, c *client, soql string, convert func(R) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		pages, err := c.queries(ctx, soql)
		if err != nil {
			yield(none, err)
			return
		}
		err = c.each(ctx, pages[0], func(data json.RawMessage) error {
			var record R
			if err := json.Unmarshal(data, &record); err != nil {
				return fmt.Errorf("%s: a record is not what it should be: %w", c.name, dualtone.ErrUnavailable)
			}
			if !yield(convert(record), nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(none, err)
		}
	}
}
