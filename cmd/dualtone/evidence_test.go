package main

import (
	"testing"

	"github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
)

// A shell names packs by the alphabet, and not by the stages of their plan.
func TestPacksAreVerifiedInWhicheverOrderTheyAreNamed(t *testing.T) {
	t.Parallel()
	pack := func(file string, previous, seal plan.Hash) verified {
		return verified{file, &evidence.Verdict{Previous: previous, Seal: seal}}
	}
	pilot, layouts, wave := pack("pilot", "", "s1"), pack("layouts", "s1", "s2"), pack("wave", "s2", "s3")
	got := linked([]verified{layouts, pilot, wave})
	if err := chained(got); err != nil || got[0].File != "pilot" || got[2].File != "wave" {
		t.Errorf("%v, %v", got, err)
	}
	for name, packs := range map[string][]verified{
		"one is missing":     {wave, pilot},
		"the first is":       {wave, layouts},
		"one is there twice": {pilot, pilot},
	} {
		if err := chained(linked(packs)); err == nil {
			t.Errorf("%s, and nobody says so", name)
		}
	}
}
