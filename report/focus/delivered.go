package focus

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
)

// Checked is what a file was held against, and what was found.
type Checked struct {
	File    string `json:"file"`
	Dataset string `json:"dataset"`
	Version string `json:"version"`
	// Described says that metadata lie beside the file, and were checked as well.
	Described bool      `json:"described"`
	Rules     int       `json:"rules"`
	Broken    int       `json:"broken"` // of those that the specification demands
	Findings  []Finding `json:"findings"`
}

// datasetOf is the dataset whose columns a file has.
func datasetOf(head []string) *Dataset {
	if slices.Contains(head, "ContractCommitmentId") {
		return ContractCommitment()
	}
	return CostAndUsage(nil)
}

// CheckDelivered holds a file of a folder against the rules of its dataset, and the
// metadata beside it, if there are any: NAME.schema.json, data_generator.json and
// dataset_instance.json. ErrInvalid when it is no CSV file, or they are no JSON.
func CheckDelivered(folder fs.FS, name string) (Checked, error) {
	c := Checked{File: name, Findings: []Finding{}}
	head, err := headOf(folder, name)
	if err != nil {
		return c, err
	}
	set := datasetOf(head)
	c.Dataset, c.Version, c.Rules = set.Name, set.Version, len(set.Rules())
	f, err := folder.Open(name)
	if err != nil {
		return c, unread(err)
	}
	defer func() { _ = f.Close() }()
	found, err := set.Check(f)
	if err != nil {
		return c, err
	}
	beside, err := metadataOf(folder, name)
	if err != nil {
		return c, err
	}
	if beside.Schema != nil {
		more, err := set.CheckMetadata(beside, head)
		if err != nil {
			return c, err
		}
		c.Described, c.Rules, found = true, c.Rules+len(set.MetadataRules()), append(found, more...)
	}
	for _, f := range found {
		if f.Level == Must {
			c.Broken++
		}
	}
	c.Findings = append(c.Findings, found...)
	return c, nil
}

func headOf(folder fs.FS, name string) ([]string, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, unread(err)
	}
	defer func() { _ = f.Close() }()
	head, err := csv.NewReader(f).Read()
	if err != nil {
		return nil, fmt.Errorf("focus: %s: the head: %w: %w", name, err, dualtone.ErrInvalid)
	}
	return head, nil
}

// metadataOf is what lies beside a file. Without a schema there is nothing to be held
// against the columns.
func metadataOf(folder fs.FS, name string) (m Metadata, err error) {
	for _, part := range []struct {
		name string
		into *[]byte
	}{
		{strings.TrimSuffix(name, path.Ext(name)) + ".schema.json", &m.Schema},
		{"data_generator.json", &m.Generator},
		{"dataset_instance.json", &m.Instances},
	} {
		if *part.into, err = fs.ReadFile(folder, part.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return m, unread(err)
		}
	}
	return m, nil
}

// unread tells a file that is not there from one that may not be read.
func unread(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("focus: %w: %w", err, dualtone.ErrNotFound)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("focus: %w: %w", err, dualtone.ErrDenied)
	default:
		return fmt.Errorf("focus: %w: %w", err, dualtone.ErrUnavailable)
	}
}

// Datasets are those whose rules are known here.
func Datasets() []*Dataset { return []*Dataset{CostAndUsage(nil), ContractCommitment()} }
