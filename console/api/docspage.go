package api

import (
	"html/template"

	"github.com/dualtone/dualtone/console/static"
)

func docsPage() *template.Template {
	return template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>API · dualtone</title>
<link rel="icon" href="` + static.URL("icon.svg") + `"><link rel="stylesheet" href="` + static.URL("console.css") + `">
<header class="top"><a class="brand" href="/"><img src="` + static.URL("icon.svg") + `" alt="">dualtone</a></header>
<main><h1>The HTTP API of dualtone</h1>
<p>Send a token as <code>Authorization: Bearer</code>; <code>dualtone token create</code> makes one.
Errors are <code>application/problem+json</code> with the place and what to do next. Lists page by key: follow the <code>Link</code> header.
A write with an <code>Idempotency-Key</code> is done once. What is read has an <code>ETag</code>; a write with an <code>If-Match</code> is
done only while what it is about is still that. Changes are told live at <code>/api/v1/events</code>.
For programs there is <a href="openapi.json">the OpenAPI document</a>.</p>
{{range .}}<section class="card"><h2><code>{{.Name}}</code></h2><p>{{.Summary}}. {{.Description}}</p>
{{with .Fields}}<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">Field</th><th scope="col">In</th><th scope="col">Kind</th><th scope="col">Meaning</th></tr></thead><tbody>
{{range .}}<tr><td><code>{{.Name}}</code></td><td>{{.In}}</td><td>{{.Kind}}</td><td>{{.Doc}}</td></tr>
{{end}}</tbody></table></div>{{end}}</section>
{{end}}</main></html>
`))
}
