#include "stage/prediction_files.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "data/png_file.hpp"
#include "data/thumbnail_sheet.hpp"
#include "plugin/guarded_call.hpp"
#include "process/long_work.hpp"
#include "report/picture_files.hpp"
#include "report/prediction_tables.hpp"

namespace dha {

namespace {

constexpr int64_t kThumbnailSide = 64;  // px

std::vector<std::string> class_names_of(const DatasetInfo& info) {
  std::vector<std::string> names = info.class_names;
  for (int64_t label = static_cast<int64_t>(names.size()); label < info.classes; ++label)
    names.push_back(std::to_string(label));
  return names;
}

std::string name_of(const OpenDataset& dataset, Split split, int64_t index) {
  const std::string name =
      guarded_call(dataset.id(), "image_name", [&] { return dataset.dataset().image_name(split, index); });
  return name.empty() ? std::to_string(index) : name;
}

// Positions in the set of the images that could be read.
std::vector<size_t> readable(const ImageSet& images) {
  const std::vector<ImageId> all = images.source().unreadable();
  const std::set<ImageId> unreadable(all.begin(), all.end());
  std::vector<size_t> positions;
  for (size_t i = 0; i < images.indices().size(); ++i)
    if (!unreadable.contains({images.split(), images.indices()[i]})) positions.push_back(i);
  return positions;
}

void add_rows(const char* split, const ImageSet& images, const Predictions& predictions, Log& log,
              std::vector<ImagePrediction>& rows) {
  const std::vector<size_t> positions = readable(images);
  if (static_cast<int64_t>(positions.size()) != predictions.predicted.size(0))
    return log.write(LogLevel::kWarning, "dha",
                     fmt::format("{} has no {} images, because {} were evaluated and {} can be read now",
                                 kPredictionsFile, split, predictions.predicted.size(0), positions.size()));
  const std::vector<int64_t> labels = images.labels();
  const auto* predicted = predictions.predicted.const_data_ptr<int64_t>();
  const auto* probability = predictions.probability.const_data_ptr<float>();
  const auto* of_true = predictions.probability_of_true.const_data_ptr<float>();
  for (size_t row = 0; row < positions.size(); ++row) {
    const size_t at = positions[row];
    rows.push_back({split, name_of(images.source(), images.split(), images.indices()[at]), labels[at], predicted[row],
                    probability[row], of_true[row]});
  }
}

}  // namespace

void write_predictions(const RunDirectory& directory, const OpenDataset& dataset, const ImageSet& validation,
                       const ImageSet& test, const EpochPredictions& predictions, Log& log) {
  std::vector<ImagePrediction> rows;
  if (predictions.validation) add_rows("validation", validation, *predictions.validation, log, rows);
  if (predictions.test) add_rows("test", test, *predictions.test, log, rows);
  if (rows.empty()) return;
  const LongWork work("writing the predictions");
  if (predictions.test && predictions.test->mistakes.size(0) > 0) {
    const at::Tensor& mistakes = predictions.test->mistakes;
    write_png(directory.file(kMistakesFile), thumbnail_sheet(mistakes, mistakes.size(0), kThumbnailSide));
  } else {
    std::error_code is_absent;
    std::filesystem::remove(directory.file(kMistakesFile), is_absent);
  }
  write_prediction_tables(directory.path(), class_names_of(dataset.info()), rows);
}

}  // namespace dha
