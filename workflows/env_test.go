package workflows_test

import (
	"errors"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

func startOptions(id string) client.StartWorkflowOptions { return client.StartWorkflowOptions{ID: id} }

func asContinue(err error, target **workflow.ContinueAsNewError) bool { return errors.As(err, target) }

func decode(input *commonpb.Payloads, into any) error {
	return converter.GetDefaultDataConverter().FromPayloads(input, into)
}
