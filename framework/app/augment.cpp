// `dha augment IN.png OUT.png`: shows what an image operation does to an image, or all of them in one picture.
#include <ATen/ops/full.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <boost/program_options/value_semantic.hpp>
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/plugin_options.hpp"
#include "app/standard_output.hpp"
#include "component/guarded_augmenter.hpp"
#include "component/lone_stage.hpp"
#include "data/png_file.hpp"
#include "dha/augmenter.hpp"
#include "dha/error.hpp"
#include "dha/image_operations.hpp"
#include "dha/params.hpp"
#include "process/program_name.hpp"

namespace dha::app {

namespace {

namespace options = boost::program_options;

constexpr std::array<double, 5> kGridLevels{0, 2, 4, 6, 8};
constexpr int64_t kGridGap = 4;  // px, white
constexpr int64_t kLargestGridSide = 32767;

Error usage(const std::string& text) {
  return {ErrorCode::kUsage, fmt::format("augment: {}; see '{} help augment'", text, program_name())};
}

// "R,G,B", or one value for all.
std::array<uint8_t, 3> parse_fill(const std::string& text) {
  const auto refuse = [&] {
    return usage(fmt::format("--fill must be R,G,B or one value, each in [0, 255], found '{}'", text));
  };
  std::vector<uint8_t> values;
  const char* end = text.data() + text.size();
  for (const char* next = text.data(); values.size() < 4; ++next) {
    uint8_t value = 0;
    const auto [stop, problem] = std::from_chars(next, end, value);
    if (problem != std::errc() || (stop != end && *stop != ',')) throw refuse();
    values.push_back(value);
    if (stop == end) break;
    next = stop;
  }
  if (values.size() == 1) return {values[0], values[0], values[0]};
  if (values.size() != 3) throw refuse();
  return {values[0], values[1], values[2]};
}

Resampling parse_resampling(const std::string& text) {
  if (text != "bilinear" && text != "bicubic")
    throw usage(fmt::format("--resample must be bilinear or bicubic, found '{}'", text));
  return text == "bilinear" ? Resampling::kBilinear : Resampling::kBicubic;
}

ComponentUse augmenter_of(const options::variables_map& values, const PluginRegistry& registry) {
  const std::string id = values["augmenter"].as<std::string>(), params = values["params"].as<std::string>();
  if (!nlohmann::json::parse(params, nullptr, /*allow_exceptions=*/false).is_object())
    throw usage(fmt::format("--params must be a JSON object, found '{}'", params));
  const ParamCheck check = check_params(registry.find(Augmenter::kKind, id).schema_json, params);
  if (!check.problems.empty())
    throw usage(fmt::format("--params: {} of {} {}", check.problems[0].pointer, id, check.problems[0].message));
  return {id, check.completed};
}

// An augmenter's image operations.
class NamedOperations {
 public:
  // image: (channels, height, width), the kind of image that the augmenter prepares for.
  NamedOperations(const PluginRegistry& registry, const ComponentUse& use, const at::Tensor& image,
                  const std::array<uint8_t, 3>& fill)
      : augmenter_(registry, {}, use, "augment"), stage_(info_of(image, fill)) {
    augmenter_.prepare(stage_);
    operations_ = static_cast<const ImageOperations*>(augmenter_.capability(ImageOperations::kCapability));
    if (operations_ == nullptr)
      throw usage(
          fmt::format("{} offers no single operations ({}); name an augmenter that does, such as "
                      "--augmenter dha.random_pairs",
                      use.id, ImageOperations::kCapability));
  }

  std::vector<std::string> names() const {
    return augmenter_.call("names", [this](Augmenter&) { return operations_->names(); });
  }

  // uint8 (channels, height, width), as given.
  at::Tensor apply(const at::Tensor& image, const ImageOperation& operation) const {
    const at::Tensor result = augmenter_.call(
        "apply", [&](Augmenter&) { return operations_->apply(image.unsqueeze(0), operation).squeeze(0); });
    if (result.sizes() != image.sizes() || result.scalar_type() != at::kByte || !result.is_cpu())
      throw Error(ErrorCode::kContractViolation,
                  fmt::format("{}: '{}' returned {} values of type {} for an image of {}", augmenter_.id(),
                              operation.name, result.numel(), at::toString(result.scalar_type()), image.numel()));
    return result;
  }

 private:
  static DatasetInfo info_of(const at::Tensor& image, const std::array<uint8_t, 3>& fill) {
    DatasetInfo info;
    info.channels = image.size(0);
    info.height = image.size(1);
    info.width = image.size(2);
    for (int64_t channel = 0; channel < info.channels; ++channel)
      info.mean.push_back(fill[static_cast<size_t>(channel)] / 255.0);
    info.standard_deviation.assign(info.mean.size(), 1);
    return info;
  }

  GuardedAugmenter augmenter_;
  LoneStage stage_;
  const ImageOperations* operations_ = nullptr;  // owned by the augmenter
};

// One row per operation, one column per level, on white.
at::Tensor grid_of(const NamedOperations& operations, const at::Tensor& image, ImageOperation operation) {
  const std::vector<std::string> names = operations.names();
  const int64_t row_height = image.size(1) + kGridGap, column_width = image.size(2) + kGridGap;
  const int64_t height = static_cast<int64_t>(names.size()) * row_height + kGridGap;
  const int64_t width = static_cast<int64_t>(kGridLevels.size()) * column_width + kGridGap;
  if (height > kLargestGridSide || width > kLargestGridSide)
    throw Error(
        ErrorCode::kData,
        fmt::format(
            "augment: the grid would have {} x {} px, at most {} per side are possible; make the image smaller first",
            width, height, kLargestGridSide));
  const at::Tensor grid = at::full({image.size(0), height, width}, 255, at::kByte);
  for (size_t row = 0; row < names.size(); ++row)
    for (size_t column = 0; column < kGridLevels.size(); ++column) {
      operation.name = names[row];
      operation.level = kGridLevels[column];
      grid.narrow(1, kGridGap + static_cast<int64_t>(row) * row_height, image.size(1))
          .narrow(2, kGridGap + static_cast<int64_t>(column) * column_width, image.size(2))
          .copy_(operations.apply(image, operation));
    }
  return grid;
}

void print_json(const std::string& file, const NamedOperations& operations, const ImageOperation* operation) {
  nlohmann::ordered_json json{{"file", file}};
  if (operation != nullptr)
    json.update({{"operation", operation->name}, {"level", operation->level}, {"sign", operation->sign}});
  else
    json.update({{"rows", operations.names()}, {"columns", kGridLevels}});
  print_output("{}\n", json.dump(2));
}

void print_legend(const NamedOperations& operations) {
  print_output("rows, from the top: {}\ncolumns, from the left: level {}\n", fmt::join(operations.names(), ", "),
               fmt::join(kGridLevels, ", "));
}

void add_options(options::options_description& visible) {
  visible.add_options()("operation", options::value<std::string>()->value_name("NAME"),
                        "the operation, such as shear_x")("grid", "every operation at levels 0, 2, 4, 6 and 8")(
      "level", options::value<double>()->default_value(4)->value_name("X"), "in [0, 8]")(
      "sign", options::value<int>()->default_value(1)->value_name("1|-1"), "direction, for operations that have one")(
      "resample", options::value<std::string>()->default_value("bilinear")->value_name("NAME"),
      "bilinear or bicubic, for operations that move pixels")(
      "fill", options::value<std::string>()->default_value("0,0,0")->value_name("R,G,B"),
      "colour of pixels from outside the image")(
      "augmenter", options::value<std::string>()->default_value("dha.random_pairs")->value_name("ID"),
      "the component that provides the operations")(
      "params", options::value<std::string>()->default_value("{}")->value_name("JSON"), "parameters of that component")(
      "json", "print as JSON what the picture shows");
  add_plugin_options(visible);
}

int run(const std::vector<std::string>& arguments) {
  options::options_description visible("Options"), hidden;
  add_options(visible);
  hidden.add_options()("in", options::value<std::string>())("out", options::value<std::string>());
  options::positional_options_description positional;
  positional.add("in", 1).add("out", 1);
  const auto values = parse_command_line(kAugmentCommand, visible, arguments, hidden, positional);
  if (!values) return kDone;
  if (values->count("in") == 0 || values->count("out") == 0)
    throw usage(
        fmt::format("missing input or output image ({} augment IN.png OUT.png --operation NAME)", program_name()));
  const bool is_grid = values->count("grid") != 0;
  if (is_grid == (values->count("operation") != 0)) throw usage("give either --operation NAME or --grid");

  ImageOperation operation;
  operation.level = (*values)["level"].as<double>();
  operation.sign = (*values)["sign"].as<int>();
  operation.resampling = parse_resampling((*values)["resample"].as<std::string>());
  operation.fill = parse_fill((*values)["fill"].as<std::string>());
  const at::Tensor image = read_png((*values)["in"].as<std::string>());
  const PluginRegistry registry = require_plugins(*values);
  const NamedOperations operations(registry, augmenter_of(*values, registry), image, operation.fill);
  if (!is_grid) operation.name = (*values)["operation"].as<std::string>();
  write_png((*values)["out"].as<std::string>(),
            is_grid ? grid_of(operations, image, operation) : operations.apply(image, operation));
  if (values->count("json") != 0)
    print_json((*values)["out"].as<std::string>(), operations, is_grid ? nullptr : &operation);
  else if (is_grid && !is_quiet(*values))
    print_legend(operations);
  return kDone;
}

}  // namespace

const Command kAugmentCommand{"augment",
                              "augment IN.png OUT.png {--operation NAME [--level X] [--sign 1|-1] | --grid} "
                              "[--resample NAME] [--fill R,G,B] [--json]",
                              "apply an image operation to a PNG image", run};

}  // namespace dha::app
