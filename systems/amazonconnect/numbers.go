package amazonconnect

import (
	"context"
	"fmt"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/dualtone/dualtone"
)

// numbers points numbers at flows. A target is the id of a contact flow; empty
// where none answers the number.
type numbers struct{ *client }

// Numbers makes one request for 1000 numbers and one for 1000 of their flows.
func (n numbers) Numbers(ctx context.Context) iter.Seq2[dualtone.Assignment, error] {
	return func(yield func(dualtone.Assignment, error) bool) {
		flows := map[string]string{}
		for f, err := range n.flows(ctx) {
			if err != nil {
				yield(dualtone.Assignment{}, err)
				return
			}
			flows[bare(aws.ToString(f.ResourceId))] = bare(aws.ToString(f.FlowId))
		}
		for number, err := range n.list(ctx, "") {
			a := dualtone.Assignment{Number: dualtone.Number(aws.ToString(number.PhoneNumber)), Target: flows[aws.ToString(number.PhoneNumberId)]}
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}

func (n numbers) flows(ctx context.Context) iter.Seq2[types.FlowAssociationSummary, error] {
	return pages(func(token *string) ([]types.FlowAssociationSummary, *string, error) {
		out, err := do(ctx, n.client, n.api.ListFlowAssociations, &connect.ListFlowAssociationsInput{
			InstanceId: n.instance, MaxResults: aws.Int32(listPage), NextToken: token,
			ResourceType: types.ListFlowAssociationResourceTypeVoicePhoneNumber,
		})
		if err != nil {
			return nil, nil, err
		}
		return out.FlowAssociationSummaryList, out.NextToken, nil
	})
}

func (n numbers) list(ctx context.Context, prefix string) iter.Seq2[types.ListPhoneNumbersSummary, error] {
	return pages(func(token *string) ([]types.ListPhoneNumbersSummary, *string, error) {
		in := &connect.ListPhoneNumbersV2Input{InstanceId: n.instance, MaxResults: aws.Int32(listPage), NextToken: token}
		if prefix != "" {
			in.PhoneNumberPrefix = aws.String(prefix)
		}
		out, err := do(ctx, n.client, n.api.ListPhoneNumbersV2, in)
		if err != nil {
			return nil, nil, err
		}
		return out.ListPhoneNumbersSummaryList, out.NextToken, nil
	})
}

// Assign makes four requests: for the number, for the flow that answers it, to
// set another one, and to read it back.
func (n numbers) Assign(ctx context.Context, number dualtone.Number, from, to string) error {
	id, err := n.idOf(ctx, number)
	if err != nil {
		return err
	}
	now, err := n.flowOf(ctx, id)
	if err != nil {
		return err
	}
	from, to = bare(from), bare(to)
	if now == to {
		return nil
	}
	if now != from {
		return fmt.Errorf("%s: number %s leads to flow %q and not to %q: %w", n.name, number, now, from, dualtone.ErrConflict)
	}
	is := func(ctx context.Context) (bool, error) {
		now, err := n.flowOf(ctx, id)
		return now == to, err
	}
	if err := write(ctx, func(ctx context.Context) error { return n.point(ctx, id, to) }, is); err != nil {
		return err
	}
	return n.confirm(ctx, fmt.Sprintf("the flow of number %s", number), is)
}

func (n numbers) point(ctx context.Context, id, flow string) error {
	if flow == "" {
		_, err := do(ctx, n.client, n.api.DisassociatePhoneNumberContactFlow, &connect.DisassociatePhoneNumberContactFlowInput{
			InstanceId: n.instance, PhoneNumberId: aws.String(id),
		})
		return err
	}
	_, err := do(ctx, n.client, n.api.AssociatePhoneNumberContactFlow, &connect.AssociatePhoneNumberContactFlowInput{
		InstanceId: n.instance, PhoneNumberId: aws.String(id), ContactFlowId: aws.String(flow),
	})
	return err
}

// longestPrefix is the plus sign and as many digits as a search takes.
const longestPrefix = 12

func (n numbers) idOf(ctx context.Context, number dualtone.Number) (string, error) {
	prefix := string(number)[:min(len(number), longestPrefix)]
	for found, err := range n.list(ctx, prefix) {
		if err != nil {
			return "", err
		}
		if aws.ToString(found.PhoneNumber) == string(number) {
			return aws.ToString(found.PhoneNumberId), nil
		}
	}
	return "", fmt.Errorf("%s: number %s: %w", n.name, number, dualtone.ErrNotFound)
}

func (n numbers) flowOf(ctx context.Context, id string) (string, error) {
	for f, err := range n.flows(ctx) {
		if err != nil {
			return "", err
		}
		if bare(aws.ToString(f.ResourceId)) == id {
			return bare(aws.ToString(f.FlowId)), nil
		}
	}
	return "", nil
}
