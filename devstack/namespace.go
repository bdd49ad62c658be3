package devstack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	taskqueue "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/protobuf/types/known/durationpb"
)

// retention is how long the history of an ended workflow can be read: longer
// than a migration soaks, so that an audit finds it.
const retention = 90 * 24 * time.Hour

func quietUnless(logger log.Logger) log.Logger {
	if logger != nil {
		return logger
	}
	return log.NewStructuredLogger(slog.New(slog.DiscardHandler))
}

// CreateNamespace makes sure that a Temporal namespace exists. It can be used
// at once when this returns.
func (s *Stack) CreateNamespace(ctx context.Context, name string) error {
	c, err := client.DialContext(ctx, client.Options{HostPort: s.TemporalAddress, Namespace: name, Logger: s.logger})
	if err != nil {
		return fmt.Errorf("devstack: temporal at %s: %w: check the address, and that the server runs", s.TemporalAddress, err)
	}
	defer c.Close()
	service := c.WorkflowService()
	_, err = service.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        name,
		WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	if _, there := errors.AsType[*serviceerror.NamespaceAlreadyExists](err); err != nil && !there {
		return fmt.Errorf("devstack: namespace %s at %s: %w", name, s.TemporalAddress, err)
	}
	if err := awaitNamespace(ctx, service, name); err != nil {
		return err
	}
	return s.addSearchAttributes(ctx, c.OperatorService(), name)
}

// addSearchAttributes gives the namespace the attributes that it lacks.
func (s *Stack) addSearchAttributes(ctx context.Context, operator operatorservice.OperatorServiceClient, name string) error {
	if len(s.attributes) == 0 {
		return nil
	}
	there, err := operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: name})
	if err != nil {
		return fmt.Errorf("devstack: search attributes of namespace %s: %w", name, err)
	}
	missing := maps.Clone(s.attributes)
	maps.DeleteFunc(missing, func(attribute string, _ enumspb.IndexedValueType) bool {
		_, ok := there.GetCustomAttributes()[attribute]
		return ok
	})
	if len(missing) == 0 {
		return nil
	}
	_, err = operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: name, SearchAttributes: missing})
	if err != nil {
		return fmt.Errorf("devstack: search attributes of namespace %s: %w", name, err)
	}
	return nil
}

// awaitNamespace waits until the services behind the frontend know a new
// namespace: each of them keeps its own list.
func awaitNamespace(ctx context.Context, service workflowservice.WorkflowServiceClient, name string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := useNamespace(ctx, service, name)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("devstack: namespace %s: not usable: %w", name, err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func useNamespace(ctx context.Context, service workflowservice.WorkflowServiceClient, name string) error {
	_, err := service.DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace:     name,
		TaskQueue:     &taskqueue.TaskQueue{Name: "devstack"},
		TaskQueueType: enumspb.TASK_QUEUE_TYPE_WORKFLOW,
	})
	if err != nil {
		return err
	}
	_, err = service.DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
		Namespace: name,
		Execution: &commonpb.WorkflowExecution{WorkflowId: "devstack"},
	})
	if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
		return nil
	}
	return err
}

// healthy asks a frontend whether it serves.
func healthy(ctx context.Context, address string, logger log.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	c, err := client.DialContext(ctx, client.Options{HostPort: address, Logger: quietUnless(logger)})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err
}
