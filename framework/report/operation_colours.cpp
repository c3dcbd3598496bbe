#include "report/operation_colours.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

namespace dha {

namespace {

constexpr double kLightest = 0.172, kDarkest = 0.080;

struct Family {
  std::string_view part;  // of the operation's name
  double hue, saturation;
};

// The first that fits.
constexpr std::array<Family, 15> kFamilies{{{"none", 0, 0},
                                            {"zero", 0, 0},
                                            {"skip", 145, 0.75},
                                            {"identity", 145, 0.75},
                                            {"residual", 145, 0.75},
                                            {"pool", 28, 0.95},
                                            {"mbconv", 330, 0.70},
                                            {"inverted", 330, 0.70},
                                            {"mb_", 330, 0.70},
                                            {"dil", 270, 0.60},
                                            {"sep", 215, 0.80},
                                            {"depthwise", 215, 0.80},
                                            {"dw", 215, 0.80},
                                            {"conv", 185, 0.85},
                                            {"", 5, 0.70}}};

const Family& family_of(const std::string& operation) {
  return *std::find_if(kFamilies.begin(), kFamilies.end(),
                       [&](const Family& family) { return operation.find(family.part) != std::string::npos; });
}

std::array<double, 3> rgb(double hue, double saturation, double lightness) {
  std::array<double, 3> channels{};
  const double chroma = saturation * std::min(lightness, 1 - lightness);
  for (size_t i = 0; i < 3; ++i) {
    const double k = std::fmod(std::array<double, 3>{0, 8, 4}[i] + hue / 30 + 12, 12);
    channels[i] = lightness - chroma * std::max(-1.0, std::min({k - 3, 9 - k, 1.0}));
  }
  return channels;
}

double luminance(const std::array<double, 3>& channels) {
  const auto linear = [](double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
  return 0.2126 * linear(channels[0]) + 0.7152 * linear(channels[1]) + 0.0722 * linear(channels[2]);
}

// The colour of that hue and saturation whose luminance is `target`, found by halving.
std::string colour(double hue, double saturation, double target) {
  double low = 0, high = 1;
  for (int i = 0; i < 30; ++i) {
    const double middle = (low + high) / 2;
    (luminance(rgb(hue, saturation, middle)) < target ? low : high) = middle;
  }
  std::string text = "#";
  for (const double channel : rgb(hue, saturation, low))
    text += fmt::format("{:02x}", static_cast<int>(std::lround(255 * channel)));
  return text;
}

}  // namespace

std::map<std::string, std::string> operation_colours(const std::set<std::string>& operations) {
  std::map<double, std::vector<std::string>> families;
  for (const std::string& operation : operations) families[family_of(operation).hue].push_back(operation);
  std::map<std::string, std::string> colours;
  for (const auto& [hue, members] : families)
    for (size_t i = 0; i < members.size(); ++i) {
      const double place = members.size() == 1 ? 0 : static_cast<double>(i) / static_cast<double>(members.size() - 1);
      const double turn = members.size() == 1 ? 0 : 24 * (place - 0.5);
      colours[members[i]] =
          colour(hue + turn, family_of(members[i]).saturation, kLightest + place * (kDarkest - kLightest));
    }
  return colours;
}

}  // namespace dha
