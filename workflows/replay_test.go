package workflows_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone/workflows"
)

// TestRecordedHistoriesReplay keeps workflows that are running able to go on
// with this code. The histories are recorded on a real server by
//
//	go test ./e2e -run Histories -record
//
// and are recorded anew only when running workflows may be left behind.
func TestRecordedHistoriesReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/histories/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no histories to replay: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			workflows.Register(replayer)
			quiet := log.NewStructuredLogger(slog.New(slog.DiscardHandler))
			text, err := os.Open(file) //nolint:gosec // A file of this test.
			if err != nil {
				t.Fatal(err)
			}
			defer text.Close() //nolint:errcheck // It was only read.
			history, err := client.HistoryFromJSON(text, client.HistoryJSONOptions{})
			if err != nil {
				t.Fatal(err)
			}
			// Workflows name their children after themselves.
			itself := worker.ReplayWorkflowHistoryOptions{OriginalExecution: workflow.Execution{
				ID: history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowId(),
			}}
			if err := replayer.ReplayWorkflowHistoryWithOptions(quiet, history, itself); err != nil {
				t.Error(err)
			}
		})
	}
}
