#include "terrazzo/base/time.hpp"

#include <algorithm>
#include <array>

#include "terrazzo/base/error.hpp"
#include "terrazzo/base/text.hpp"

namespace terrazzo {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> month_names{
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> day_names{"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};

struct Parts {
  int year = 0;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int micros = 0;
  int offset_minutes = 0;
};

std::optional<Time> time_of(const Parts& p) {
  const year_month_day date{std::chrono::year{p.year},
                            std::chrono::month{static_cast<unsigned>(p.month)},
                            std::chrono::day{static_cast<unsigned>(p.day)}};
  if (!date.ok() || p.hour > 23 || p.minute > 59 || p.second > 59) return std::nullopt;
  return sys_days{date} + hours{p.hour} + minutes{p.minute - p.offset_minutes} +
         seconds{p.second} + microseconds{p.micros};
}

// Reads a text from left to right; after the first thing that does not fit, nothing does.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  bool take_if(char c) {
    if (!good_ || peek() != c || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(std::string_view text) {
    good_ = good_ && rest_.starts_with(text);
    if (good_) rest_.remove_prefix(text.size());
  }

  // A number of exactly so many digits.
  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const char c = peek();
      good_ = good_ && c >= '0' && c <= '9';
      if (!good_) return 0;
      value = value * 10 + (c - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  // Digits after a decimal point, as microseconds.
  int fraction() {
    int micros = 0;
    int unit = 100'000;
    good_ = good_ && peek() >= '0' && peek() <= '9';
    while (good_ && peek() >= '0' && peek() <= '9') {
      micros += (peek() - '0') * unit;
      unit /= 10;
      rest_.remove_prefix(1);
    }
    return micros;
  }

  // Which of the names stands here, from 0.
  template <std::size_t n>
  int one_of(const std::array<std::string_view, n>& names) {
    const auto found =
        std::ranges::find_if(names, [&](auto name) { return rest_.starts_with(name); });
    good_ = good_ && found != names.end();
    if (!good_) return 0;
    rest_.remove_prefix(found->size());
    return static_cast<int>(found - names.begin());
  }

 private:
  std::string_view rest_;
  bool good_ = true;
};

int read_offset(Reader& reader) {
  if (reader.take_if('Z') || reader.take_if('z')) return 0;
  const int sign = reader.peek() == '-' ? -1 : 1;
  if (!reader.take_if('+') && !reader.take_if('-')) return 0;
  const int hour = reader.number(2);
  const bool colon = reader.take_if(':');
  const int minute = colon || !reader.at_end() ? reader.number(2) : 0;
  constexpr int too_much = 1 << 20;  // makes the day impossible
  return hour > 23 || minute > 59 ? too_much : sign * (hour * 60 + minute);
}

bool read_time_of_day(Reader& reader, Parts& p) {
  p.hour = reader.number(2);
  reader.expect(":");
  p.minute = reader.number(2);
  if (reader.take_if(':')) {
    p.second = reader.number(2);
    if (reader.take_if('.')) p.micros = reader.fraction();
  }
  p.offset_minutes = read_offset(reader);
  constexpr int day_minutes = 24 * 60;
  return p.offset_minutes > -day_minutes && p.offset_minutes < day_minutes;
}

void read_clock(Reader& reader, Parts& p) {
  p.hour = reader.number(2);
  reader.expect(":");
  p.minute = reader.number(2);
  reader.expect(":");
  p.second = reader.number(2);
}

std::optional<Time> finished(const Reader& reader, const Parts& p) {
  return reader.good() && reader.at_end() ? time_of(p) : std::nullopt;
}

// Sun, 06 Nov 1994 08:49:37 GMT
std::optional<Time> fixed_date(Reader reader) {
  Parts p;
  reader.one_of(day_names);
  reader.expect(", ");
  p.day = reader.number(2);
  reader.expect(" ");
  p.month = reader.one_of(month_names) + 1;
  reader.expect(" ");
  p.year = reader.number(4);
  reader.expect(" ");
  read_clock(reader, p);
  reader.expect(" GMT");
  return finished(reader, p);
}

// Sunday, 06-Nov-94 08:49:37 GMT; two digits of the year are those of 1970 to 2069.
std::optional<Time> rfc850_date(Reader reader) {
  constexpr std::array<std::string_view, 7> long_names{
      "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  Parts p;
  reader.one_of(long_names);
  reader.expect(", ");
  p.day = reader.number(2);
  reader.expect("-");
  p.month = reader.one_of(month_names) + 1;
  reader.expect("-");
  const int year = reader.number(2);
  p.year = year + (year < 70 ? 2000 : 1900);
  reader.expect(" ");
  read_clock(reader, p);
  reader.expect(" GMT");
  return finished(reader, p);
}

// Sun Nov  6 08:49:37 1994
std::optional<Time> asctime_date(Reader reader) {
  Parts p;
  reader.one_of(day_names);
  reader.expect(" ");
  p.month = reader.one_of(month_names) + 1;
  reader.expect(" ");
  p.day = reader.number(reader.take_if(' ') ? 1 : 2);
  reader.expect(" ");
  read_clock(reader, p);
  reader.expect(" ");
  p.year = reader.number(4);
  return finished(reader, p);
}

}  // namespace

Time now() { return floor<microseconds>(system_clock::now()); }

std::optional<Time> find_iso_time(std::string_view text) {
  Reader reader{text};
  Parts p;
  p.year = reader.number(4);
  reader.expect("-");
  p.month = reader.number(2);
  if (reader.take_if('-')) {
    p.day = reader.number(2);
    const bool more = reader.take_if('T') || reader.take_if('t') || reader.take_if(' ');
    if (more && !read_time_of_day(reader, p)) return std::nullopt;
  }
  return finished(reader, p);
}

Time time_from_iso(std::string_view text) {
  if (const auto time = find_iso_time(text)) return *time;
  throw invalid(
      "'{}' is no time; write it like 2018-05-01T12:30:00Z, 2018-05-01 or 2018-05",
      shown(text));
}

std::string iso_text(Time time) {
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  auto out = fmt::format(
      "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (const auto micros = clock.subseconds().count(); micros != 0)
    out += fmt::format(".{:06}", micros);
  return out + "Z";
}

std::optional<Time> time_from_http(std::string_view text) {
  for (const auto form : {fixed_date, rfc850_date, asctime_date})
    if (const auto time = form(Reader{text})) return time;
  return std::nullopt;
}

std::string http_text(Time time) {
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<seconds>(time - day)};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     day_names.at(weekday{day}.c_encoding()),
                     static_cast<unsigned>(date.day()),
                     month_names.at(static_cast<unsigned>(date.month()) - 1),
                     static_cast<int>(date.year()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

}  // namespace terrazzo
