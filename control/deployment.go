package control

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/dualtone/dualtone"
)

// Deployment is which build of the workers begins what is new, and goes on with
// what moves on while it runs. A build is empty for workers without versions.
type Deployment struct {
	Name    string `json:"deployment"`
	Before  string `json:"before"`
	Current string `json:"current"`
	// Builds are those that Temporal knows, the newest first.
	Builds []string `json:"builds"`
}

// Deployment reads how a deployment of workers stands.
func (c *Control) Deployment(ctx context.Context, name string) (Deployment, error) {
	d := Deployment{Name: name, Builds: []string{}}
	found, err := c.Client.WorkerDeploymentClient().GetHandle(name).Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return d, fmt.Errorf("no worker with a build has come up in the deployment %s yet: %w", name, dualtone.ErrNotFound)
	}
	if err != nil {
		return d, named(err, "deployment "+name)
	}
	if current := found.Info.RoutingConfig.CurrentVersion; current != nil {
		d.Current = current.BuildID
	}
	d.Before = d.Current
	for _, v := range found.Info.VersionSummaries {
		d.Builds = append(d.Builds, v.Version.BuildID)
	}
	return d, nil
}

// Promote makes a build the current one. The server refuses one that does not
// poll where the present one does.
func (c *Control) Promote(ctx context.Context, d Deployment, build string) (Deployment, error) {
	_, err := c.Client.WorkerDeploymentClient().GetHandle(d.Name).SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{
		BuildID: build,
	})
	if wrong, ok := errors.AsType[*serviceerror.FailedPrecondition](err); ok {
		return d, fmt.Errorf("build %s: %s: %w", build, wrong.Message, dualtone.ErrConflict)
	}
	if err != nil {
		return d, named(err, "build "+build)
	}
	d.Current = build
	return d, nil
}
