#include "report/prediction_tables.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_map>

#include "report/confusion.hpp"
#include "report/csv.hpp"
#include "storage/atomic_file.hpp"

namespace dha {

namespace {

struct SplitConfusion {
  std::string split;
  Confusion confusion;
};

std::vector<SplitConfusion> confusions_of(const std::vector<ImagePrediction>& predictions, size_t classes) {
  std::vector<SplitConfusion> confusions;
  for (const ImagePrediction& one : predictions) {
    if (confusions.empty() || confusions.back().split != one.split)
      confusions.push_back({one.split, Confusion(static_cast<int64_t>(classes))});
    confusions.back().confusion.add(one.truth, one.predicted);
  }
  return confusions;
}

std::string prediction_rows(const std::vector<std::string>& class_names,
                            const std::vector<ImagePrediction>& predictions) {
  std::string text = csv_line({"split", "image", "true", "predicted", "probability", "probability_of_true"});
  for (const ImagePrediction& one : predictions)
    text += csv_line({one.split, one.image, class_names[static_cast<size_t>(one.truth)],
                      class_names[static_cast<size_t>(one.predicted)], fmt::format("{}", one.probability),
                      fmt::format("{}", one.probability_of_true)});
  return text;
}

// One row per true class, one column per predicted class.
std::string confusion_rows(const std::vector<std::string>& class_names, const std::vector<SplitConfusion>& splits) {
  std::vector<std::string> heading{"split", "true"};
  heading.insert(heading.end(), class_names.begin(), class_names.end());
  std::string text = csv_line(heading);
  for (const auto& [split, confusion] : splits)
    for (int64_t truth = 0; truth < confusion.classes(); ++truth) {
      std::vector<std::string> row{split, class_names[static_cast<size_t>(truth)]};
      for (int64_t predicted = 0; predicted < confusion.classes(); ++predicted)
        row.push_back(std::to_string(confusion.count(truth, predicted)));
      text += csv_line(row);
    }
  return text;
}

// Shares that do not exist are empty.
std::string share(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

std::string class_rows(const std::vector<std::string>& class_names, const std::vector<SplitConfusion>& splits) {
  std::string text = csv_line({"split", "class", "images", "correct", "predicted", "recall", "precision", "f1"});
  for (const auto& [split, confusion] : splits)
    for (int64_t one = 0; one < confusion.classes(); ++one)
      text += csv_line({split, class_names[static_cast<size_t>(one)], std::to_string(confusion.images_of(one)),
                        std::to_string(confusion.count(one, one)), std::to_string(confusion.predictions_of(one)),
                        share(confusion.recall(one)), share(confusion.precision(one)), share(confusion.f1(one))});
  return text;
}

std::optional<float> number(const std::string& text) {
  if (text.find("nan") != text.npos) return std::numeric_limits<float>::quiet_NaN();
  float value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

void write_prediction_tables(const std::filesystem::path& folder, const std::vector<std::string>& class_names,
                             const std::vector<ImagePrediction>& predictions) {
  const std::vector<SplitConfusion> splits = confusions_of(predictions, class_names.size());
  write_file_atomically(folder / kConfusionFile, confusion_rows(class_names, splits));
  write_file_atomically(folder / kPerClassFile, class_rows(class_names, splits));
  write_file_atomically(folder / kPredictionsFile, prediction_rows(class_names, predictions));
}

std::vector<ImagePrediction> parse_predictions(const std::string& text, const std::vector<std::string>& class_names) {
  std::unordered_map<std::string, int64_t> labels;
  for (const std::string& name : class_names) labels.emplace(name, static_cast<int64_t>(labels.size()));
  std::vector<ImagePrediction> predictions;
  for (const std::vector<std::string>& row : parse_csv(text)) {
    if (row.size() < 6) continue;
    const auto truth = labels.find(row[2]), predicted = labels.find(row[3]);
    const std::optional<float> probability = number(row[4]), of_true = number(row[5]);
    if (truth == labels.end() || predicted == labels.end() || !probability || !of_true) continue;
    predictions.push_back({row[0], row[1], truth->second, predicted->second, *probability, *of_true});
  }
  return predictions;
}

}  // namespace dha
