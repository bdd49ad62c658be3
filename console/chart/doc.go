// Package chart draws the console's charts as SVG that the style sheet colors:
// bars on a time line, stacked bars and curves. Each has a title and a description
// for whoever does not see it, and its numbers as a table.
package chart
