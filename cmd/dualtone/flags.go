package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// limitFlag adds the flag that says how many items of a list are shown.
func limitFlag(cmd *cobra.Command, n *int, usual int, items string) {
	*n = usual
	cmd.Flags().Var((*limit)(n), "limit", "how many "+items+" at most; 0 for all")
}

// limit is how many items are shown; 0 for all.
type limit int

// Set reads the limit from the command line.
func (l *limit) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return errors.New("want a number, or 0 for all")
	}
	*l = limit(n)
	return nil
}

// String is the limit in digits.
func (l *limit) String() string { return strconv.Itoa(int(*l)) }

// Type is what the help calls a limit.
func (*limit) Type() string { return "number" }

// oneMore is what a list is asked for, so that page sees whether it goes on.
func oneMore(limit int) int {
	if limit == 0 {
		return 0
	}
	return limit + 1
}

// choiceFlag adds a flag that takes one of some words, which its usage tells. It may be none of
// them unless the value is one of them already.
func choiceFlag[T ~string](cmd *cobra.Command, value *T, name, usage string, among ...T) {
	c := &choice[T]{value, among, *value == ""}
	words := c.words()
	last := len(words) - 1
	cmd.Flags().Var(c, name, usage+": "+strings.Join(words[:last], ", ")+" or "+words[last])
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// choice is one of some words, or none where that may be.
type choice[T ~string] struct {
	value *T
	among []T
	none  bool
}

// Set reads the word from the command line.
func (c *choice[T]) Set(text string) error {
	if (text != "" || !c.none) && !slices.Contains(c.among, T(text)) {
		return fmt.Errorf("there are %s", strings.Join(c.words(), ", "))
	}
	*c.value = T(text)
	return nil
}

// String is the word.
func (c *choice[T]) String() string {
	if c.value == nil {
		return ""
	}
	return string(*c.value)
}

// Type is what the help calls a word.
func (*choice[T]) Type() string { return "word" }

func (c *choice[T]) words() []string {
	all := make([]string, len(c.among))
	for i, w := range c.among {
		all[i] = string(w)
	}
	return all
}
