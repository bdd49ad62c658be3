package salesforce

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/soap"
	"github.com/dualtone/dualtone/internal/wire"
	"github.com/dualtone/dualtone/systems"
)

// metadata sends one call to the Metadata API. It is the only way to a call
// center's definition: REST creates the record without its sections and changes
// none.
func (c *client) metadata(ctx context.Context, body, into any, reads bool) error {
	answer, err := c.send(ctx, request{
		method: http.MethodPost, path: "/services/Soap/m/" + strings.TrimPrefix(c.version, "v"), reads: reads,
		header: http.Header{"Content-Type": {"text/xml; charset=UTF-8"}, "SOAPAction": {`""`}},
		body: func(s session) ([]byte, error) {
			return soap.Marshal(sessionHeader{Session: s.token}, body)
		},
	})
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK && answer.Status != http.StatusInternalServerError {
		return c.refusal(answer)
	}
	err = soap.Unmarshal(answer.Body, into)
	if fault, ok := errors.AsType[*soap.FaultError](err); ok {
		return c.fault(fault, answer)
	}
	if err != nil || answer.Status != http.StatusOK {
		if answer.Status == http.StatusOK {
			answer.Status = http.StatusBadGateway // Half an answer tells no more than none.
		}
		return c.refusal(answer)
	}
	return nil
}

// fault names a SOAP fault.
func (c *client) fault(fault *soap.FaultError, answer wire.Answer) error {
	reason := failure{ErrorCode: fault.Code, Message: fault.Reason}
	err := c.itemError([]failure{reason}, answer.Reads)
	if throttled, ok := errors.AsType[*dualtone.ThrottledError](err); ok {
		if after, told := wire.RetryAfter(answer.Header, c.now()); told {
			throttled.After = after
		}
	}
	return err
}

func (c *client) readCallCenter(ctx context.Context, internal string) (metadataCallCenter, error) {
	var answer readMetadataAnswer
	err := c.metadata(ctx, readMetadata{Type: "CallCenter", Names: []string{internal}}, &answer, true)
	if err != nil {
		return metadataCallCenter{}, err
	}
	// For an unknown name the API answers an empty record.
	for _, record := range answer.Records {
		if internal != "" && strings.EqualFold(record.FullName, internal) {
			return record, nil
		}
	}
	return metadataCallCenter{}, fmt.Errorf("%s: call center %q: %w", c.name, internal, dualtone.ErrNotFound)
}

func (c *client) upsertCallCenter(ctx context.Context, wanted metadataCallCenter) error {
	var answer upsertMetadataAnswer
	if err := c.metadata(ctx, upsertMetadata{Metadata: wanted}, &answer, false); err != nil {
		return err
	}
	if len(answer.Results) != 1 {
		return fmt.Errorf("%s: call center %q: %d results: %w", c.name, wanted.FullName, len(answer.Results), dualtone.ErrUnknown)
	}
	if result := answer.Results[0]; !result.Success {
		return fmt.Errorf("call center %q: %w", wanted.FullName, c.itemError(result.Errors, false))
	}
	return nil
}

func (m metadataCallCenter) definition() systems.CallCenterDefinition {
	d := systems.CallCenterDefinition{
		Internal: m.FullName, Name: m.DisplayName, AdapterURL: m.AdapterURL, Version: m.Version,
	}
	for _, section := range m.Sections {
		s := systems.CallCenterSection{Name: section.Name, Label: section.Label}
		for _, item := range section.Items {
			s.Items = append(s.Items, systems.CallCenterItem{Name: item.Name, Label: item.Label, Value: item.Value})
		}
		d.Sections = append(d.Sections, s)
	}
	return d
}

// with is the call center with another definition.
func (m metadataCallCenter) with(d systems.CallCenterDefinition) metadataCallCenter {
	m.Type = "CallCenter"
	m.FullName, m.DisplayName, m.AdapterURL = d.Internal, d.Name, d.AdapterURL
	m.DisplayNameLabel = cmp.Or(m.DisplayNameLabel, "Display Name")
	m.InternalNameLabel = cmp.Or(m.InternalNameLabel, "Internal Name")
	m.Version = cmp.Or(d.Version, m.Version)
	m.Sections = nil
	for _, section := range d.Sections {
		s := metadataSection{Name: section.Name, Label: section.Label}
		for _, item := range section.Items {
			s.Items = append(s.Items, metadataItem{Name: item.Name, Label: item.Label, Value: item.Value})
		}
		m.Sections = append(m.Sections, s)
	}
	return m
}
