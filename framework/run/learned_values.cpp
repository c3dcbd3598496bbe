#include "run/learned_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "page/statistics.hpp"
#include "storage/atomic_file.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// A value's course in one stage.
struct Course {
  std::string stage;
  double first = 0, last = 0;
};

struct NamedCourses {
  std::string name;
  std::vector<Course> stages;
};

// A row of hyper.csv: stage, epoch, step, name, value. Stages have no comma in their names.
struct Row {
  std::string stage, name;
  double value = 0;
};

Row row_of(const std::string& line) {
  std::istringstream fields(line);
  Row row;
  std::string ignored, value;
  std::getline(fields, row.stage, ',');
  std::getline(fields, ignored, ',');
  std::getline(fields, ignored, ',');
  std::getline(fields, row.name, ',');
  std::getline(fields, value);
  row.value = std::stod(value);
  return row;
}

std::vector<NamedCourses> courses_in(const std::string& table) {
  std::vector<NamedCourses> courses;
  std::istringstream lines(table);
  std::string line;
  std::getline(lines, line);  // heading
  while (std::getline(lines, line)) {
    const Row row = row_of(line);
    auto found = std::find_if(courses.begin(), courses.end(), [&](const auto& one) { return one.name == row.name; });
    if (found == courses.end()) found = courses.insert(found, {row.name, {}});
    if (found->stages.empty() || found->stages.back().stage != row.stage)
      found->stages.push_back({row.stage, row.value, row.value});
    found->stages.back().last = row.value;
  }
  return courses;
}

std::string text_of(const NamedCourses& courses) {
  std::string text;
  for (const Course& course : courses.stages)
    text += text.empty() ? fmt::format("{:.3g} to {:.3g} in {}", course.first, course.last, course.stage)
                         : fmt::format(", {:.3g} at the end of {}", course.last, course.stage);
  return text;
}

// Empty if the policy does not report its entropy.
std::string text_of(const Json& policy) {
  if (!policy.is_object() || !policy.contains("entropy") || !policy.contains("entropy_of_uniform")) return "";
  const double uniform = policy.at("entropy_of_uniform"), divergence = uniform - policy.at("entropy").get<double>();
  return fmt::format("{:.3f} of at most {:.3f} nat from uniform{}", std::max(0.0, divergence), uniform,
                     divergence < page::kSmallestDivergence ? ": nothing was learned" : "");
}

std::string line(const std::string& name, const std::string& text) { return fmt::format("{:<14}{}", name, text); }

}  // namespace

std::vector<std::string> learned_values(const RunDirectory& directory, const std::vector<StageResult>& results) {
  std::vector<std::string> lines;
  if (std::filesystem::exists(directory.file("hyper.csv")))
    for (const NamedCourses& courses : courses_in(read_file(directory.file("hyper.csv"))))
      lines.push_back(line(courses.name, text_of(courses)));
  for (const StageResult& result : results)
    if (result.choices > 0)
      lines.push_back(line("choices", fmt::format("{} of {} differ from the start of {}", result.changed_choices,
                                                  result.choices, result.name)));
  if (!std::filesystem::exists(directory.file("policy.json"))) return lines;
  const Json policies = Json::parse(read_file(directory.file("policy.json")));
  for (const Json& augmenter : policies.at("augmenters"))
    if (const std::string text = text_of(augmenter.at("policy")); !text.empty())
      lines.push_back(line("policy", fmt::format("{}: {}", augmenter.at("use").get<std::string>(), text)));
  return lines;
}

}  // namespace dha
