// Which classes are taken for which: matrix, most confused pairs, a table of all classes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "page/heat_map.hpp"
#include "page/html.hpp"
#include "page/sections.hpp"
#include "report/confusion.hpp"

namespace dha::page {

namespace {

constexpr int64_t kMostClassesOfMap = 128;
constexpr size_t kShownPairs = 10;

struct Pair {
  int64_t truth = 0, predicted = 0, images = 0;
};

// Of different classes, the most frequent first.
std::vector<Pair> confused_pairs(const Confusion& confusion) {
  std::vector<Pair> pairs;
  for (int64_t truth = 0; truth < confusion.classes(); ++truth)
    for (int64_t predicted = 0; predicted < confusion.classes(); ++predicted)
      if (const int64_t images = confusion.count(truth, predicted); truth != predicted && images > 0)
        pairs.push_back({truth, predicted, images});
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.images > b.images; });
  return pairs;
}

class ConfusionPart {
 public:
  ConfusionPart(const RunRecord& record, const Confusion& confusion) : names_(record.class_names), counts_(confusion) {}

  // Shades are shares of the row.
  std::string map() const {
    HeatMap map;
    map.title = "Images by true and predicted class";
    map.row_title = "true class (rows)";
    map.column_title = "predicted class (columns)";
    map.names = names_;
    map.cell = [this](size_t row, size_t column) {
      const auto truth = static_cast<int64_t>(row), predicted = static_cast<int64_t>(column);
      const int64_t images = counts_.count(truth, predicted);
      const double share =
          images == 0 ? 0 : static_cast<double>(images) / static_cast<double>(counts_.images_of(truth));
      // A single image among thousands is to be seen too.
      return HeatMap::Cell{
          images == 0 ? 0 : std::max(0.06, share), whole(images),
          fmt::format("{} taken for {}: {} of {} ({})", isolated(names_[row]), isolated(names_[column]), whole(images),
                      whole(counts_.images_of(truth)), percent(share)),
          row != column};
    };
    return draw(map);
  }

  std::string pairs() const {
    Table table({{"true"}, {"taken for"}, {"images", true}, {"of its class", true}});
    const std::vector<Pair> all = confused_pairs(counts_);
    for (size_t i = 0; i < std::min(kShownPairs, all.size()); ++i)
      table.add({name(all[i].truth), name(all[i].predicted), whole(all[i].images),
                 percent(static_cast<double>(all[i].images) / static_cast<double>(counts_.images_of(all[i].truth)))});
    return table.empty() ? "" : figure("The most confused pairs", table.html());
  }

  std::string classes() const {
    Table table({{"class"},
                 {"images", true},
                 {"right", true},
                 {"recall", true},
                 {"precision", true},
                 {"F1", true},
                 {"most often taken for"}});
    for (int64_t one = 0; one < counts_.classes(); ++one)
      table.add({name(one), whole(counts_.images_of(one)), whole(counts_.count(one, one)), percent(counts_.recall(one)),
                 percent(counts_.precision(one)), percent(counts_.f1(one)), taken_for(one)});
    return figure("Each class", table.html());
  }

 private:
  const std::string& name(int64_t one) const { return names_[static_cast<size_t>(one)]; }

  std::string taken_for(int64_t truth) const {
    int64_t most = truth;
    for (int64_t other = 0; other < counts_.classes(); ++other)
      if (other != truth && counts_.count(truth, other) > (most == truth ? 0 : counts_.count(truth, most)))
        most = other;
    return most == truth ? "" : fmt::format("{} ({})", isolated(name(most)), whole(counts_.count(truth, most)));
  }

  const std::vector<std::string>& names_;
  const Confusion& counts_;
};

}  // namespace

std::string shown_split(const RunRecord& record) {
  std::string split;
  for (const ImagePrediction& one : record.predictions) {
    if (one.split == "test") return "test";
    split = one.split;
  }
  return split;
}

std::vector<ImagePrediction> shown_predictions(const RunRecord& record) {
  return record.predictions_of(shown_split(record));
}

Section confusion_section(const RunRecord& record) {
  Section section{"classes", "Classes", ""};
  const std::vector<ImagePrediction> predictions = shown_predictions(record);
  if (predictions.empty()) return section;
  Confusion confusion(static_cast<int64_t>(record.class_names.size()));
  for (const ImagePrediction& one : predictions) confusion.add(one.truth, one.predicted);
  const ConfusionPart part(record, confusion);
  section.content =
      fmt::format("<p>{} of {} {} images are classified correctly ({}).</p>\n", whole(confusion.correct()),
                  whole(confusion.images()), shown_split(record),
                  percent(static_cast<double>(confusion.correct()) / static_cast<double>(confusion.images()), 2));
  const bool has_map = confusion.classes() <= kMostClassesOfMap;
  section.content +=
      "<div class=\"grid\">\n" + (has_map ? part.map() : std::string()) + part.pairs() + "</div>\n" + part.classes();
  section.content += fmt::format(
      "<p class=\"note\">{}The numbers: <code>predictions.csv</code>, "
      "<code>confusion.csv</code>, <code>per_class.csv</code>.</p>\n",
      has_map ? "" : "There are too many classes for a drawing of the matrix. ");
  return section;
}

}  // namespace dha::page
