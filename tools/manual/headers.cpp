// SPDX-License-Identifier: BSD-2-Clause
// How Doxygen's XML is read: compounds (namespaces, classes, concepts) and their members, by file.
#include "headers.hpp"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <algorithm>
#include <regex>
#include <set>
#include <stdexcept>
#include <string_view>

namespace manual {

namespace fs = std::filesystem;

namespace {

/// All characters below `node`, without markup.
std::string plain(const pugi::xml_node& node)
{
    std::string text;
    for (const auto& child : node.children()) {
        text += child.type() == pugi::node_element ? plain(child) : child.value();
    }
    return text;
}

/// `text` such that Markdown shows it as it is.
std::string escaped(std::string_view text)
{
    std::string result;
    for (const char c : text) {
        if (std::string_view{"\\`*_[]<>|#"}.contains(c)) {
            result += '\\';
        }
        result += c;
    }
    return result;
}

void trim(std::string& text)
{
    while (!text.empty() && text.back() <= ' ') {
        text.pop_back();
    }
    text.erase(0, std::min(text.find_first_not_of(" \n"), text.size()));
}

/// Removes the space that Doxygen has in "T &x" and "A< B >", which the project's style has not.
std::string styled(std::string code)
{
    const auto replace = [&](std::string_view from, std::string_view to) {
        for (auto at = code.find(from); at != std::string::npos; at = code.find(from, at)) {
            code.replace(at, from.size(), to);
        }
    };
    replace(" &&", "&&\x01");
    replace(" &", "&\x01");
    replace(" *", "*\x01");
    replace("\x01)", ")");
    replace("\x01,", ",");
    replace("\x01>", ">");
    replace("\x01 ", " ");
    replace("\x01", " ");
    replace("< ", "<");
    replace(" >", ">");
    replace("=default", "= default");
    static const std::regex k_value(R"re((\w)=(?=[^=> ]))re");
    return std::regex_replace(code, k_value, "$1 = ");
}

class Reader {
public:
    Reader(const fs::path& xml, const fs::path& root)
        : root_{fs::weakly_canonical(root)}
    {
        pugi::xml_document index;
        load(index, xml / "index.xml");
        for (const auto& compound : index.child("doxygenindex").children("compound")) {
            const std::string_view kind = compound.attribute("kind").value();
            if (kind == "dir" || kind == "page") {
                continue;
            }
            auto& document = documents_.emplace_back();
            load(document, xml / fmt::format("{}.xml", compound.attribute("refid").value()));
        }
        for (const auto& document : documents_) {
            note_names(compound_of(document));
        }
    }

    std::map<std::string, Header> read()
    {
        for (const auto& document : documents_) {
            const auto             compound = compound_of(document);
            const std::string_view kind     = compound.attribute("kind").value();
            if (kind == "file") {
                auto& includes = headers_[file_of(compound)].includes;
                for (const auto& other : compound.children("includes")) {
                    if (other.attribute("refid")) {
                        includes.push_back(plain(other));
                    }
                }
            }
            if (kind == "namespace" || kind == "file") {
                for (auto& [file, found] : members_of(compound)) {
                    auto& all = headers_[file].declarations;
                    all.insert(all.end(), found.begin(), found.end());
                }
            } else if (kind == "concept") {
                add_concept(compound);
            } else if (kind != "file" && is_public(compound)) {
                add_class(compound);
            }
        }
        return std::move(headers_);
    }

private:
    static void load(pugi::xml_document& document, const fs::path& file)
    {
        // Spaces between elements are spaces between words.
        const auto result =
            document.load_file(file.c_str(), pugi::parse_default | pugi::parse_ws_pcdata_single);
        if (!result) {
            throw std::runtime_error(fmt::format("{}: {}", file.string(), result.description()));
        }
    }

    static pugi::xml_node compound_of(const pugi::xml_document& document)
    {
        return document.child("doxygen").child("compounddef");
    }

    /// Neither private nor within what is, nor an implementation's namespace.
    bool is_public(const pugi::xml_node& compound) const
    {
        const std::string name = compound.child_value("compoundname");
        return !name.contains("::detail") && !name.contains('@') &&
               std::ranges::none_of(hidden_, [&](const std::string& outer) {
                   return name == outer || name.starts_with(outer + "::");
               });
    }

    void note_names(const pugi::xml_node& compound)
    {
        const std::string_view kind = compound.attribute("kind").value();
        const std::string      name = compound.child_value("compoundname");
        if (kind == "namespace" || kind == "file") {
            namespaces_.insert(name);
        } else if (std::string_view{compound.attribute("prot").value()} == "private") {
            hidden_.insert(name);
        }
    }

    std::string file_of(const pugi::xml_node& entity) const
    {
        const fs::path file = entity.child("location").attribute("file").value();
        return fs::relative(file, root_).generic_string();
    }

    /// One of Doxygen's paragraphs, or what is in it, as Markdown.
    std::string words(const pugi::xml_node& node) const
    {
        std::string text;
        for (const auto& child : node.children()) {
            const std::string_view name = child.name();
            if (child.type() != pugi::node_element) {
                text += escaped(child.value());
            } else if (name == "computeroutput") {
                text += '`' + plain(child) + '`';
            } else if (name == "ref") {
                text += fmt::format("[{}]({})", escaped(plain(child)),
                                    child.attribute("refid").value());
            } else if (name == "emphasis" || name == "bold") {
                text += '*' + words(child) + '*';
            } else if (name == "ndash") {
                text += "–";
            } else if (name == "mdash") {
                text += "—";
            } else if (name == "verbatim" || name == "programlisting") {
                text += fmt::format("\n\n```cpp\n{}\n```\n\n", plain(child));
            } else if (name == "itemizedlist") {
                text += '\n';
                for (const auto& item : child.children("listitem")) {
                    text += "\n- " + description(item);
                }
                text += "\n\n";
            } else {
                text += words(child);
            }
        }
        return text;
    }

    std::string description(const pugi::xml_node& node) const
    {
        std::string text;
        for (const auto& paragraph : node.children("para")) {
            auto one = words(paragraph);
            trim(one);
            text += text.empty() || one.empty() ? one : "\n\n" + one;
        }
        return text;
    }

    std::string text_of(const pugi::xml_node& entity) const
    {
        auto text = description(entity.child("briefdescription"));
        auto more = description(entity.child("detaileddescription"));
        return text.empty() || more.empty() ? text + more : text + "\n\n" + more;
    }

    static std::string template_of(const pugi::xml_node& entity)
    {
        std::string list;
        for (const auto& param : entity.child("templateparamlist").children("param")) {
            auto one = plain(param.child("type"));
            if (const auto name = plain(param.child("declname")); !name.empty()) {
                one += ' ' + name;
            }
            if (const auto value = plain(param.child("defval")); !value.empty()) {
                one += " = " + value;
            }
            list += (list.empty() ? "" : ", ") + one;
        }
        auto requires_clause = plain(entity.child("requiresclause"));
        trim(requires_clause);
        return list.empty() ? ""
                            : fmt::format("template <{}>\n{}", styled(list),
                                          requires_clause.empty()
                                              ? ""
                                              : "    requires " + styled(requires_clause) + '\n');
    }

    /// A function's parameters, one a line where they are too long for one.
    static std::string wrapped(std::string code)
    {
        constexpr std::size_t k_width = 92;
        const auto            open    = code.find('(');
        if (code.size() <= k_width || open == std::string::npos) {
            return code;
        }
        int depth = 0;
        for (auto at = open; at < code.size(); at++) {
            depth += std::string_view{"(<{"}.contains(code[at]) ? 1 : 0;
            depth -= std::string_view{")>}"}.contains(code[at]) ? 1 : 0;
            if (depth == 1 && code[at] == ',') {
                code.replace(at, 2, ",\n    ");
            }
        }
        return code.insert(open + 1, "\n    ");
    }

    Declaration declaration(const pugi::xml_node& member) const
    {
        Declaration found;
        found.kind = member.attribute("kind").value();
        found.id   = member.attribute("id").value();
        found.name = member.child_value("name");
        found.text = text_of(member);
        found.line = member.child("location").attribute("line").as_int();
        if (found.kind == "enum") {
            const auto type   = plain(member.child("type"));
            const bool strong = member.attribute("strong").as_bool();
            found.code        = fmt::format("enum {}{}{}", strong ? "class " : "", found.name,
                                     type.empty() ? "" : " : " + type);
            for (const auto& value : member.children("enumvalue")) {
                auto text = text_of(value);
                std::ranges::replace(text, '\n', ' ');
                const auto number = plain(value.child("initializer"));
                found.values.push_back(
                    {.name = value.child_value("name") + (number.empty() ? "" : ' ' + number),
                     .text = text});
            }
            return found;
        }
        if (found.kind == "typedef") {
            found.code = template_of(member) + fmt::format("using {} = {}", found.name,
                                                           styled(plain(member.child("type"))));
            return found;
        }
        auto       code  = plain(member.child("definition"));
        const auto whole = plain(member.child("qualifiedname"));
        if (const auto at = code.rfind(whole); !whole.empty() && at != std::string::npos) {
            code.replace(at, whole.size(), found.name);
        }
        if (found.kind == "function") {
            const auto arguments = plain(member.child("argsstring"));
            code += arguments.substr(0, arguments.find(" __asm__"));
        } else if (auto value = plain(member.child("initializer"));
                   !value.empty() && !value.contains('\n')) {
            code += (value.starts_with('{') ? "" : " ") + value;
        }
        found.code = template_of(member) + wrapped(styled(code));
        return found;
    }

    /// The public members of a namespace or class, or of a file outside of both, by file and in its
    /// order.
    std::map<std::string, std::vector<Declaration>> members_of(const pugi::xml_node& compound) const
    {
        std::map<std::string, std::vector<Declaration>> found;
        const bool in_file = std::string_view{compound.attribute("kind").value()} == "file";
        if (!is_public(compound)) {
            return found;
        }
        for (const auto& section : compound.children("sectiondef")) {
            for (const auto& member : section.children("memberdef")) {
                const std::string_view kind = member.attribute("kind").value();
                const std::string_view name = member.child_value("name");
                if (std::string_view{member.attribute("prot").value()} == "private" ||
                    kind == "friend" || (in_file && member.child("qualifiedname")) ||
                    name.starts_with('~') || name.contains('@') ||
                    plain(member.child("argsstring")).contains("=delete")) {
                    continue;
                }
                found[file_of(member)].push_back(declaration(member));
            }
        }
        for (auto& [file, list] : found) {
            std::ranges::stable_sort(list, {}, &Declaration::line);
        }
        return found;
    }

    void add_class(const pugi::xml_node& compound)
    {
        Class found;
        found.id             = compound.attribute("id").value();
        found.qualified_name = compound.child_value("compoundname");
        found.name           = found.qualified_name;
        for (auto end = found.qualified_name.rfind("::"); end != std::string::npos && end != 0;
             end      = found.qualified_name.rfind("::", end - 1)) {
            if (namespaces_.contains(found.qualified_name.substr(0, end))) {
                found.name = found.qualified_name.substr(end + 2);
                break;
            }
        }
        found.text = text_of(compound);
        found.line = compound.child("location").attribute("line").as_int();
        found.code = template_of(compound) +
                     fmt::format("{} {}", compound.attribute("kind").value(), found.name);
        std::string bases;
        for (const auto& base : compound.children("basecompoundref")) {
            if (std::string_view{base.attribute("prot").value()} == "public") {
                bases += (bases.empty() ? " : public " : ", public ") + plain(base);
            }
        }
        found.code += (compound.attribute("final").as_bool() ? " final" : "") + bases;
        const auto file    = file_of(compound);
        auto       members = members_of(compound);
        found.members      = std::move(members[file]);
        headers_[file].classes.push_back(std::move(found));
    }

    void add_concept(const pugi::xml_node& compound)
    {
        Declaration found;
        found.kind = "concept";
        found.id   = compound.attribute("id").value();
        found.name = compound.child_value("compoundname");
        found.text = text_of(compound);
        found.line = compound.child("location").attribute("line").as_int();
        found.code = plain(compound.child("initializer"));
        trim(found.code);
        headers_[file_of(compound)].declarations.push_back(std::move(found));
    }

    fs::path                        root_;
    std::vector<pugi::xml_document> documents_;
    std::set<std::string>           namespaces_;
    std::set<std::string>           hidden_; ///< private classes
    std::map<std::string, Header>   headers_;
};

} // namespace

std::map<std::string, Header> read_headers(const fs::path& xml, const fs::path& root)
{
    return Reader(xml, root).read();
}

} // namespace manual
