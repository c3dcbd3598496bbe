#include "page/palette.hpp"

#include <fmt/format.h>

#include "page/html.hpp"

namespace dha::page {

namespace {

constexpr int kColours = 6, kKinds = 4;  // kinds of dashes and of marks

int kind_of(int number) { return number / kColours % kKinds; }

}  // namespace

std::string series_classes(int number) { return fmt::format("c{} d{}", number % kColours, kind_of(number)); }

std::string mark(int number, double x, double y, double radius) {
  const double r = radius;
  switch (kind_of(number)) {
    case 0:
      return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\"/>", x, y, r);
    case 1:
      return fmt::format("<path d=\"M{:.1f} {:.1f}h{:.1f}v{:.1f}h{:.1f}z\"/>", x - r, y - r, 2 * r, 2 * r, -2 * r);
    case 2:
      return fmt::format("<path d=\"M{:.1f} {:.1f}l{:.1f} {:.1f}h{:.1f}z\"/>", x, y - 1.2 * r, 1.2 * r, 2.1 * r,
                         -2.4 * r);
    default:
      return fmt::format("<path d=\"M{:.1f} {:.1f}l{:.1f} {:.1f}l{:.1f} {:.1f}l{:.1f} {:.1f}z\"/>", x, y - 1.3 * r,
                         1.3 * r, 1.3 * r, -1.3 * r, 1.3 * r, -1.3 * r, -1.3 * r);
  }
}

std::string legend(const std::vector<LegendEntry>& entries) {
  if (entries.empty()) return "";
  std::string html = "<div class=\"legend\">";
  for (const LegendEntry& one : entries)
    html += fmt::format(
        "<button type=\"button\" class=\"{}\" data-group=\"{}\" aria-pressed=\"true\"><svg class=\"swatch\" "
        "viewBox=\"0 0 18 10\" aria-hidden=\"true\">{}</svg>{}</button>",
        series_classes(one.number), escaped(one.name),
        one.is_mark ? mark(one.number, 9, 5, 3.4) : "<polyline points=\"0,5 18,5\"/>", escaped(one.name));
  return html + "</div>\n";
}

}  // namespace dha::page
