#include "page/document.hpp"

#include <fmt/format.h>

#include "page/embedded_text.hpp"
#include "page/html.hpp"

namespace dha::page {

namespace {

std::string head_of(const Document& document) {
  std::string head = fmt::format(
      "<head>\n<meta charset=\"utf-8\"/>\n{}\n<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\"/>\n",
      kPageMark);
  if (document.refresh_seconds > 0)
    head += fmt::format("<meta http-equiv=\"refresh\" content=\"{}\"/>\n", document.refresh_seconds);
  return head + fmt::format("<title>{}</title>\n<style>\n", escaped(document.title)) + std::string(style_text()) +
         "</style>\n</head>\n";
}

}  // namespace

std::string html_of(const Document& document) {
  std::string navigation, sections;
  for (const Section& one : document.sections) {
    if (one.content.empty()) continue;
    navigation += fmt::format("<a href=\"#{}\">{}</a>\n", one.id, escaped(one.heading));
    sections += section(one.id, one.heading, one.content);
  }
  // Comments of JavaScript around the marks of XML: browsers and XML readers both see the script alone.
  return "<!DOCTYPE html>\n<html lang=\"en\">\n" + head_of(document) +
         fmt::format("<body>\n<header><h1>{}</h1>\n<nav>{}</nav>\n</header>\n<main>\n", document.heading, navigation) +
         sections + "</main>\n<div id=\"hint\"></div>\n<script>//<![CDATA[\n" + std::string(script_text()) +
         "//]]></script>\n</body>\n</html>\n";
}

}  // namespace dha::page
