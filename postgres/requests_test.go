package postgres

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
)

// age lets so much time pass that nobody waits for whoever does the requests.
func (s *Requests) age(t *testing.T) {
	t.Helper()
	if _, err := s.pool.Exec(t.Context(), `UPDATE api_requests SET claimed = claimed - interval '3 minutes'`); err != nil {
		t.Fatal(err)
	}
}

func TestARequestThatWasTakenOverStoresNothingMore(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	requests, accounts := NewRequests(pool), NewAccounts(pool)
	ctx := audit.Because(t.Context(), audit.Cause{Actor: "ada"})
	order := Claim{Who: "ada", Key: "k", Request: "make two", AtOnce: false}
	slow, answer, err := requests.Claim(ctx, order)
	if err != nil || answer != nil {
		t.Fatalf("%v, %v", answer, err)
	}
	if _, _, err := requests.Claim(ctx, order); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("while it is being done: %v", err)
	}
	requests.age(t)
	quick, answer, err := requests.Claim(ctx, order)
	if err != nil || answer != nil {
		t.Fatalf("once nobody waits any more: %v, %v", answer, err)
	}
	account := func(name string) access.Account {
		return access.Account{Name: name, Kind: access.Service, Source: access.Local, Created: time.Now(), By: "ada"}
	}
	if err := accounts.KeepAccount(slow, account("of-the-first")); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("the first one stores: %v", err)
	}
	if err := accounts.KeepAccount(quick, account("of-the-second")); err != nil {
		t.Error(err)
	}
	if err := requests.Keep(slow, &Answer{Status: 500}); err != nil {
		t.Error(err)
	}
	if err := requests.Keep(quick, &Answer{Status: 201, Body: []byte("made")}); err != nil {
		t.Error(err)
	}
	all, err := accounts.Accounts(ctx, "", 10)
	if err != nil || len(all) != 1 || all[0].Name != "of-the-second" {
		t.Errorf("accounts %+v, %v", all, err)
	}
	if _, answer, err := requests.Claim(ctx, order); err != nil || answer == nil || answer.Status != 201 {
		t.Errorf("the answer is %+v, %v", answer, err)
	}
}

// What failed after it was stored is not done again either; what failed before may be.
func TestARequestThatFailedIsFreeUnlessItHasStored(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	requests, accounts := NewRequests(pool), NewAccounts(pool)
	ctx := audit.Because(t.Context(), audit.Cause{Actor: "ada"})
	for _, stores := range []bool{false, true} {
		order := Claim{Who: "ada", Key: map[bool]string{false: "none", true: "some"}[stores], Request: "make", AtOnce: true}
		claim := func() context.Context {
			t.Helper()
			held, answer, err := requests.Claim(ctx, order)
			if err != nil || answer != nil {
				t.Fatalf("%v, %v", answer, err)
			}
			return held
		}
		held := claim()
		if stores {
			if err := accounts.KeepAccount(held, access.Account{Name: "one", Kind: access.Service, Source: access.Local, Created: time.Now(), By: "ada"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := requests.Keep(held, nil); err != nil {
			t.Fatal(err)
		}
		if !stores {
			claim()
			continue
		}
		if _, _, err := requests.Claim(ctx, order); !errors.Is(err, dualtone.ErrConflict) {
			t.Errorf("what was stored may be stored again: %v", err)
		}
		order.AtOnce = false
		claim()
	}
}
