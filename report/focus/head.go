package focus

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// What columns may be called, and in which order they come.
func ruleUnknown() Rule {
	return Rule{"columns/custom-prefix", Must, "a column that the dataset does not have begins with x_"}
}

func ruleTwice() Rule { return Rule{"columns/once", Must, "a column is there once"} }

func ruleOrder() Rule {
	return Rule{"columns/custom-last", Should, "columns of one's own come after all others"}
}

func rulePascal() Rule {
	return Rule{"columns/custom-name", Should, "after x_ a column of one's own is in Pascal case, of letters and digits, and not longer than 50"}
}

func ruleOwnValue() Rule {
	return Rule{"columns/custom-value", Should, "in a column of one's own no word stands for a value that is not there"}
}

func ruleOwnForm() Rule {
	return Rule{"columns/custom-form", Should, "in a column of one's own times, numbers and objects are written as in the others"}
}

func ruleSorted() Rule {
	return Rule{"columns/sorted", Should, "columns are in the order of the alphabet, and so are those of one's own behind them"}
}

// headRules are those of a dataset.
func (d *Dataset) headRules() []Rule {
	all := []Rule{ruleUnknown(), ruleTwice(), ruleOrder(), rulePascal(), ruleOwnValue(), ruleOwnForm()}
	if d.sorted {
		all = append(all, ruleSorted())
	}
	return all
}

func pascal(name string) bool {
	return len(name) <= 50 && regexp.MustCompile(`^x_[A-Z][A-Za-z0-9]*$`).MatchString(name)
}

// byOwnAndName puts columns in the order of the alphabet, those of one's own last.
func byOwnAndName(a, b string) int {
	own := func(name string) int {
		if strings.HasPrefix(name, "x_") {
			return 1
		}
		return 0
	}
	return cmp.Or(own(a)-own(b), strings.Compare(a, b))
}

// head checks the first line.
func (c *checking) head(head []string) {
	var own string
	for i, name := range head {
		if _, ok := c.at[name]; ok {
			c.tell(ruleTwice(), 0, name)
			continue
		}
		c.at[name] = i
		known := slices.ContainsFunc(c.dataset.fields, func(f field) bool { return f.id == name })
		switch {
		case known && own != "":
			c.tell(ruleOrder(), 0, name+" after "+own)
		case known:
		case !strings.HasPrefix(name, "x_"):
			c.tell(ruleUnknown(), 0, name)
		default:
			own = name
			c.own = append(c.own, name)
			if !pascal(name) {
				c.tell(rulePascal(), 0, name)
			}
		}
	}
	if c.dataset.sorted && !slices.IsSortedFunc(head, byOwnAndName) {
		c.tell(ruleSorted(), 0, strings.Join(head, " "))
	}
	for i := range c.dataset.fields {
		f := &c.dataset.fields[i]
		if _, ok := c.at[f.id]; ok {
			continue
		}
		for _, r := range f.presence() {
			c.tell(r, 0, f.id)
		}
	}
}
