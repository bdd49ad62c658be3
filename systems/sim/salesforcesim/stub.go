package salesforcesim

type deployment struct{}
type retrieval struct{}
type job struct{}

type section struct {
	Label string
	Name  string
	Items []sectionItem
}

type sectionItem struct{ Label, Name, Value string }

func soapOperation(*call) string                      { return "" }
func soapSession(*call) string                        { return "" }
func soapFault(code, message string) reply            { return reply{} }
func (s *Server) soap(*call) reply                    { return refusal(notFound()) }
func (s *Server) bulk(*call, []string) reply          { return refusal(notFound()) }
func (s *Server) deployRequest(*call, []string) reply { return refusal(notFound()) }
